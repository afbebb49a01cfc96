//! The order of sources, the defaults, and every way to be wrong.

use super::options::{OPTIONS, variable};
use super::*;
use crate::domain::budget::Daily;
use crate::domain::model_name::Provider;
use crate::domain::prices::Cost;
use std::fs;
use std::path::Path;

fn load(flags: &Flags, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let variables = [("HOME", "/nowhere/home")].into_iter().chain(variables.iter().copied());
    Config::load(flags, &Environment::of(variables))
}

fn error(variables: &[(&str, &str)]) -> String {
    load(&Flags::default(), variables).unwrap_err().to_string()
}

fn with_file(text: &str) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("kubemend")).unwrap();
    fs::write(folder.path().join("kubemend/config.yaml"), text).unwrap();
    load(&Flags::default(), &[("XDG_CONFIG_HOME", folder.path().to_str().unwrap())])
}

#[test]
fn nothing_said_is_the_careful_default() {
    let config = load(&Flags::default(), &[]).unwrap();
    assert_eq!(config.limits, Limits::default());
    assert!(!config.limits.automatic_allowed && !config.read_only);
    assert_eq!(config.store, Path::new("/nowhere/home/.local/state/kubemend/sessions.db"));
    assert_eq!((config.settle, config.validate_within), (Duration::from_secs(5), Duration::from_secs(120)));
    assert_eq!((config.contexts, config.file), (vec![], None));
    assert_eq!(config.investigate, Investigate::Auto);
}

#[test]
fn flag_beats_environment_beats_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.yaml");
    fs::write(&file, "context: file\nsettle: 9\nlog: info\ncontexts: [a, b]\nkubeconfig: kube/config\nwrite-kubeconfig: ~/w\n").unwrap();
    let flags = Flags { config: Some(file.clone()), context: Some("flag".into()), ..Flags::default() };
    let config = load(&flags, &[("KUBEMEND_CONTEXT", "env"), ("KUBEMEND_SETTLE", "7s"), ("KUBEMEND_LOG", "")]).unwrap();
    assert_eq!(config.context.as_deref(), Some("flag"));
    assert_eq!(config.settle, Duration::from_secs(7));
    assert_eq!(config.log, "info", "a variable that is set to nothing is not set");
    assert_eq!(config.contexts, ["a", "b"]);
    assert_eq!(config.kubeconfig, Some(folder.path().join("kube/config")));
    assert_eq!(config.write_kubeconfig, Some(PathBuf::from("/nowhere/home/w")));
    assert_eq!(config.file, Some(file));
}

#[test]
fn every_option_has_its_variable_and_its_key() {
    for key in OPTIONS {
        let value = match key {
            "allow-kubeconfig-exec" | "model-allow-http" | "probe-config-maps" | "probe-logs" | "read-only" => "maybe",
            "client-max-risk" | "max-risk" | "risk-ceiling" => "extreme",
            "confidence-threshold" => "NaN",
            "plan-ttl" | "request-timeout" | "settle" | "validate-within" => "never",
            "consent" | "investigate" | "mode" | "on-failure" | "model" | "model-fallback" | "model-base-url" | "model-headers"
            | "model-prices" | "model-turns" | "model-tokens" | "model-seconds" | "model-cost" | "model-day-tokens" | "model-day-cost" => {
                "perhaps"
            }
            "context" | "write-context" | "log" => "  ",
            _ => continue,
        };
        let said = error(&[(&variable(key), value)]);
        assert!(said.starts_with(&variable(key)), "{said}");
        let said = with_file(&format!("{key}: \"{value}\"\n")).unwrap_err().to_string();
        assert!(said.starts_with(&format!("`{key}` in `")), "{said}");
    }
}

#[test]
fn unknown_key_in_the_file_is_an_error_with_the_nearest_one() {
    let said = with_file("risk-celing: low\n").unwrap_err().to_string();
    assert!(said.contains("did you mean `risk-ceiling`?"), "{said}");
}

#[test]
fn file_that_is_none_is_named_and_not_quoted() {
    let said = with_file("token: [canary\n").unwrap_err().to_string();
    assert!(said.contains("config.yaml") && said.contains("line") && !said.contains("canary"), "{said}");
    let said = error(&[("KUBEMEND_CONFIG", "/nowhere/config.yaml")]);
    assert_eq!(said, "cannot use the configuration file `/nowhere/config.yaml`: it does not exist");
    assert!(with_file("# nothing yet\n").is_ok());
    assert!(with_file("").is_ok());
}

/// Whoever sets one relies on it: a server that can write is not started for `KUBEMEND_READONLY=true`.
#[test]
fn unknown_variable_is_an_error_with_the_nearest_one() {
    let said = error(&[("KUBEMEND_READONLY", "true"), ("KUBEMEND_TEST_KUBECONFIG", "x")]);
    assert_eq!(said, "`KUBEMEND_READONLY` in the environment is not an option; did you mean `KUBEMEND_READ_ONLY`?");
    let nothing_like_it = "KUBEMEND_SOMETHING_QUITE_DIFFERENT";
    assert_eq!(error(&[(nothing_like_it, "1")]), format!("`{nothing_like_it}` in the environment is not an option"));
    assert!(load(&Flags::default(), &[("KUBEMEND_READONLY", ""), ("KUBEMEND_TEST_X", "1"), ("KUBEMENDER", "1")]).is_ok());
}

/// `read-only:` and no more: somebody began to say something, and nothing was decided.
#[test]
fn key_with_nothing_behind_it_is_an_error_and_no_default() {
    for key in OPTIONS {
        for nothing in ["", " null", " ~", " \"\""] {
            let said = with_file(&format!("{key}:{nothing}\n")).unwrap_err().to_string();
            assert!(said.starts_with(&format!("`{key}` in `")) && said.contains("has no value"), "{said}");
        }
    }
}

#[test]
fn key_that_is_there_twice_is_named() {
    let said = with_file("read-only: true\nconsent: ask\nread-only: false\n").unwrap_err().to_string();
    assert!(said.starts_with("`read-only` is in `") && said.ends_with("` more than once"), "{said}");
}

#[test]
fn model_is_named_with_its_provider_or_none() {
    for none in [None, Some("none".to_owned())] {
        assert_eq!(load(&Flags { model: none, ..Flags::default() }, &[]).unwrap().model, None);
    }
    let flags = Flags { model: Some("openai/large".into()), ..Flags::default() };
    let model = load(&flags, &[("KUBEMEND_MODEL_FALLBACK", "anthropic/small")]).unwrap().model.unwrap();
    assert_eq!(model.models().map(ToString::to_string).collect::<Vec<_>>(), ["openai/large", "anthropic/small"]);
    let flags = Flags { model: Some("google/x".into()), ..Flags::default() };
    assert_eq!(load(&flags, &[]).unwrap_err().to_string(), "--model: `google/x` is not a model: `openai/NAME`, `anthropic/NAME` or `none`");
    assert!(error(&[("KUBEMEND_MODEL_FALLBACK", "openai/x")]).contains("`model-fallback` needs `model`"));
}

/// Not in an error, not in what is printed of the configuration, not in a command that a report shows.
#[test]
fn no_key_is_in_an_error_or_in_what_is_shown_of_the_configuration() {
    let secrets = [
        ("KUBEMEND_MODEL", "openai/large"),
        ("KUBEMEND_MODEL_HEADERS", "api-key=plain-canary,x-team=sre"),
        ("OPENAI_API_KEY", "other-canary"),
        ("ANTHROPIC_API_KEY", "third-canary"),
    ];
    let config = load(&Flags::default(), &secrets).unwrap();
    assert!(!format!("{config:?}").contains("canary"), "{config:?}");
    assert!(!format!("{:?}", Environment::of(secrets)).contains("canary"));
    let model = config.model.unwrap();
    assert!(model.key_in_headers() && model.usual_key(Provider::Anthropic).is_some());
    for (variable, value) in [
        ("KUBEMEND_MODEL_HEADERS", "canary"),
        ("KUBEMEND_MODEL_HEADERS", "host=canary"),
        ("KUBEMEND_MODEL_HEADERS", "a b=canary"),
        ("KUBEMEND_MODEL_HEADERS", "a=canary\nb"),
        ("KUBEMEND_MODEL_BASE_URL", "https://me:canary@api.example.com"),
        ("KUBEMEND_MODEL_BASE_URL", "https://api.example.com?key=canary"),
        ("OPENAI_API_KEY", "canary\ncanary"),
    ] {
        let said = error(&[("KUBEMEND_MODEL", "openai/x"), (variable, value)]);
        assert!(said.starts_with(variable) && !said.contains("canary"), "{said}");
    }
}

#[test]
fn without_tls_a_model_is_on_this_machine_unless_the_operator_says_otherwise() {
    let there = ("KUBEMEND_MODEL_BASE_URL", "http://10.0.0.1/v1");
    assert!(error(&[there]).contains("`model-allow-http: true`"));
    assert!(load(&Flags::default(), &[there, ("KUBEMEND_MODEL_ALLOW_HTTP", "true")]).is_ok());
    assert!(load(&Flags::default(), &[("KUBEMEND_MODEL_BASE_URL", "http://127.0.0.1:1/v1")]).is_ok());
}

#[test]
fn automatic_mode_needs_the_operators_policy() {
    assert!(error(&[("KUBEMEND_MODE", "automatic")]).contains("consent: policy"));
    let config = load(&Flags::default(), &[("KUBEMEND_CONSENT", "policy")]).unwrap();
    assert_eq!((config.limits.mode, config.limits.automatic_allowed), (Mode::Automatic, true));
    let config = load(&Flags::default(), &[("KUBEMEND_CONSENT", "policy"), ("KUBEMEND_MODE", "manual")]).unwrap();
    assert_eq!((config.limits.mode, config.limits.automatic_allowed), (Mode::Manual, true));
    let config = load(&Flags::default(), &[("KUBEMEND_CONSENT", "client")]).unwrap();
    assert_eq!((config.limits.consent, config.limits.automatic_allowed), (Consent::Client, false));
}

#[test]
fn no_threshold_is_above_the_ceiling() {
    assert!(error(&[("KUBEMEND_MAX_RISK", "high")]).contains("above `risk-ceiling: medium`"));
    assert!(error(&[("KUBEMEND_CLIENT_MAX_RISK", "high")]).contains("above"));
    let config = load(&Flags::default(), &[("KUBEMEND_RISK_CEILING", "low")]).unwrap();
    assert_eq!((config.limits.ceiling, config.limits.max_risk), (Risk::Low, Risk::Low));
}

#[test]
fn plugins_run_by_default_on_a_laptop_only() {
    assert!(load(&Flags::default(), &[]).unwrap().allow_kubeconfig_exec);
    assert!(!load(&Flags::default(), &[("KUBERNETES_SERVICE_HOST", "10.0.0.1")]).unwrap().allow_kubeconfig_exec);
    assert!(!load(&Flags::default(), &[("KUBEMEND_ALLOW_KUBECONFIG_EXEC", "false")]).unwrap().allow_kubeconfig_exec);
}

#[test]
fn list_of_kubeconfigs_is_split_and_empty_names_are_skipped() {
    let config = load(&Flags::default(), &[("KUBECONFIG", "/a::/b")]).unwrap();
    assert_eq!(config.kubeconfig_list, [PathBuf::from("/a"), PathBuf::from("/b")]);
}

#[test]
fn without_a_home_the_place_for_sessions_must_be_said() {
    assert_eq!(Config::load(&Flags::default(), &Environment::default()), Err(ConfigError::NoHome));
    let config = Config::load(&Flags::default(), &Environment::of([("KUBEMEND_STATE_DIR", "/s")])).unwrap();
    assert_eq!(config.store, Path::new("/s/sessions.db"));
}

#[test]
fn flags_are_consistent_and_switches_need_no_value() {
    use clap::{CommandFactory, Parser};
    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        flags: Flags,
    }
    Program::command().debug_assert();
    let program = Program::try_parse_from(["x", "--read-only", "--allow-kubeconfig-exec=false"]).unwrap();
    let config = load(&program.flags, &[]).unwrap();
    assert_eq!((config.read_only, config.allow_kubeconfig_exec), (true, false));
}

#[test]
fn budget_of_an_investigation_is_the_operator_s_within_bounds_and_money_needs_prices() {
    let load = |variables: &[(&str, &str)]| {
        let all = [("HOME", "/home/me"), ("KUBEMEND_MODEL", "openai/large")].into_iter().chain(variables.iter().copied());
        Config::load(&Flags::default(), &Environment::of(all)).map(|config| config.model.unwrap().budget)
    };
    let usual = load(&[]).unwrap();
    assert_eq!((usual.turns, usual.tokens, usual.time.as_secs(), usual.cost), (8, 60_000, 120, None));
    let set = [
        ("KUBEMEND_MODEL_TURNS", "3"),
        ("KUBEMEND_MODEL_TOKENS", "9000"),
        ("KUBEMEND_MODEL_SECONDS", "30"),
        ("KUBEMEND_MODEL_COST", "0.25"),
        ("KUBEMEND_MODEL_PRICES", "openai/large=2/8"),
    ];
    let own = load(&set).unwrap();
    assert_eq!((own.turns, own.tokens, own.time.as_secs()), (3, 9_000, 30));
    assert_eq!(own.cost.map(|cost| cost.to_string()).as_deref(), Some("$0.2500"));
    assert!(load(&set[..4]).unwrap_err().to_string().contains("`model-cost` needs `model-prices`"));
    let unpriced = load(&[set[3], set[4], ("KUBEMEND_MODEL_FALLBACK", "anthropic/small")]).unwrap_err().to_string();
    assert!(unpriced.contains("`model-cost` needs a price of `anthropic/small` in `model-prices`"), "{unpriced}");
    for wrong in
        [("KUBEMEND_MODEL_TURNS", "0"), ("KUBEMEND_MODEL_TOKENS", "999"), ("KUBEMEND_MODEL_SECONDS", "1801"), ("KUBEMEND_MODEL_COST", "-1")]
    {
        assert!(load(&[wrong]).is_err(), "{wrong:?}");
    }
}

#[test]
fn day_has_room_for_one_investigation_and_money_of_a_day_needs_that_of_one() {
    let load = |variables: &[(&str, &str)]| {
        let all = [("HOME", "/home/me"), ("KUBEMEND_MODEL", "openai/large")].into_iter().chain(variables.iter().copied());
        Config::load(&Flags::default(), &Environment::of(all)).map(|config| config.model.unwrap().daily)
    };
    assert_eq!(load(&[]).unwrap(), Daily { tokens: 1_000_000, cost: None });
    assert_eq!(
        load(&[("KUBEMEND_MODEL_TOKENS", "3000000")]).unwrap().tokens,
        3_000_000,
        "the usual bound is none for who sets more for one"
    );
    let priced = [("KUBEMEND_MODEL_PRICES", "openai/large=2/8"), ("KUBEMEND_MODEL_COST", "0.5")];
    let with = |more: (&'static str, &'static str)| load(&[priced[0], priced[1], more]);
    assert_eq!(with(("KUBEMEND_MODEL_DAY_COST", "5")).unwrap().cost, Some(Cost(5_000_000)));
    for (set, says) in [
        (load(&[("KUBEMEND_MODEL_DAY_TOKENS", "59999")]), "`model-day-tokens` is less than `model-tokens`"),
        (with(("KUBEMEND_MODEL_DAY_COST", "0.4")), "`model-day-cost` is less than `model-cost`"),
        (load(&[priced[0], ("KUBEMEND_MODEL_DAY_COST", "5")]), "`model-day-cost` needs `model-cost`"),
    ] {
        let said = set.unwrap_err().to_string();
        assert!(said.contains(says), "{said}");
    }
}
