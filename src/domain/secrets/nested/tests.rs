//! What is hidden of structures below the names of credentials, in every notation and wherever they are cut, and what stays of them.

use super::super::redacted;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// What stands below a credential's name, and must not be left.
const BELOW: &[&str] = &[
    "INFO: reading a: b\npasswords:\n  admin: canaryword\n",
    "INFO passwords:\n  admin: canaryword\nINFO started",
    "08:00:01.12Z INFO passwords:\n08:00:01.123Z INFO   admin: canaryword\n",
    "-  passwords:\n-    admin: canaryword\n+  passwords:\n+    admin: canaryword\n",
    "passwords:\r\n  admin: canaryword\r\n",
    "level: x\npasswords:\n\tadmin: canaryword\n",
    "2026-11-27T08:00:01Z INFO passwords:\n2026-11-27T08:00:02Z INFO   admin: canaryword\n2026-11-27T08:00:03Z INFO started",
    "loaded:\n  passwords:\n    admin: canaryword\n    list:\n    - canaryword\n    - a: canaryword\n      b: canaryword\n  level: x\n",
    "passwords:\n- canaryword\n- name: b\n  value: canaryword\n",
    "passwords:\n  admin: |\n    canaryword\n    of: canaryword\n  other: >-\n\n    canaryword\n",
    "passwords:\n  # canaryword\n  admin: canaryword # canaryword\n  b: \"canaryword\n    canaryword\"\n",
    "passwords:\n  admin: two\n    canaryword\n",
    "passwords: !!map\n  admin: canaryword\n",
    "passwords: # of people\n\n  admin: canaryword\n",
    "passwords:\n  admin: {inner: canaryword, more: [canaryword]}\n  b: [canaryword,\n    canaryword]\n",
    "passwords:\n{{- range .Values.all }}\n  admin: canaryword\n{{- end }}\n  other: canaryword\n",
    "passwords:\n  admin: {{ default \"canaryword\" .Values.x }}\n",
    "\"passwords\":\n  \"admin\": \"canaryword\"\n",
    "level=info cfg={\"passwords\":{\"admin\":\"canaryword\"}}",
    "level=info cfg={\"passwords\":{\"admin\":\"canaryword\",\"n\":{\"x\":[\"canaryword\"]}},\"b\":1} done",
    "level=info cfg=\"{\\\"passwords\\\":{\\\"admin\\\":\\\"canaryword\\\"}}\" x=1",
    "level=info cfg=\"{\\n  \\\"passwords\\\": {\\n    \\\"admin\\\": \\\"canaryword\\\"\\n  }\\n}\" x=1",
    "msg=\"passwords:\\n  admin: canaryword\\n  b:\\n  - canaryword\\nlevel: x\\n\" x=1",
    "cfg:\n{\n  \"passwords\": {\n    \"admin\": \"canaryword\",\n    \"b\": [\n      \"canaryword\"\n    ]\n  },\n  \"level\": \"x\"\n}\nstarted",
    "cfg: {\n\"passwords\": {\n\"admin\": \"canaryword\",\n\"b\": \"canaryword\"\n}\n}\n",
    "2026-11-27T08:00:01Z   \"passwords\": {\n2026-11-27T08:00:02Z     \"admin\": \"canaryword\",\n2026-11-27T08:00:02Z     \"b\": \"canaryword\"\n2026-11-27T08:00:02Z   },",
    "  \"passwords\":\n  {\n    \"admin\": \"canaryword\"\n  }\n",
    "map[password:map[admin:canaryword]]",
    "cfg map[a:b passwords:map[admin:canaryword other:canaryword] z:1]",
    "{Level:x Passwords:map[admin:canaryword] Z:1}",
    "&{Level:x Credentials:&{canaryword canaryword}}",
    "main.Config{Level:\"x\", Passwords:map[string]string{\"admin\":\"canaryword\"}, Tokens:[]string{\"canaryword\"}}",
    "main.Config{Credentials:(*main.Creds)(0xc000010000), Passwords:[]main.Pair{main.Pair{A:\"canaryword\", B:\"canaryword\"}}}",
    "Config { passwords: {\"admin\": \"canaryword\"} }",
    "Config { credentials: Some(Credentials { user: \"canaryword\", other: \"canaryword\" }), level: 1 }",
    "Config {\n    passwords: {\n        \"admin\": \"canaryword\",\n    },\n    credentials: Some(\n        Credentials {\n            user: \"canaryword\",\n        },\n    ),\n    level: 1,\n}",
    "Credentials { user: \"canaryword\", n: 1 }",
    "{'passwords': {'admin': 'canaryword'}}",
    "{'passwords': {'admin': b'canaryword', 'x': ['canaryword', \"canaryword\"]}, 'level': 1}",
    "Config(passwords={'admin': 'canaryword'}, level=1)",
    "passwords=OrderedDict([('admin', 'canaryword')])",
    "credentials=Credentials(user='canaryword', x=\"canaryword\")",
    "{:passwords=>{:admin=>\"canaryword\", :b=>\"canaryword\"}}",
    "Config(passwords={admin=canaryword, other=canaryword}, level=1)",
    "{ passwords: { admin: 'canaryword', other: 'canaryword' } }",
    "Map(1) { 'passwords' => Map(1) { 'admin' => 'canaryword' } }",
    "    [passwords] => Array\n        (\n            [admin] => canaryword\n            [b] => canaryword\n        )\n",
    "%{passwords: %{admin: \"canaryword\"}}",
    "[passwords]\nadmin = \"canaryword\"\nother = canaryword\n\n[level]\nx = 1\n",
    "[app.secrets.db]\nadmin = '''\ncanaryword\n'''\nother = [\n  \"canaryword\",\n]\n",
    "passwords = { admin = \"canaryword\", other = 'canaryword' }",
    "passwords = {\n  admin = \"canaryword\"\n  b     = \"canaryword\"\n}\n",
    "credentials {\n  admin = \"canaryword\"\n}\n",
    "passwords.admin=canaryword level=info",
    "time=x level=INFO msg=hi credentials.db.admin=canaryword z=1",
    "{\"passwords.admin\":\"canaryword\",\"level\":1}",
    "{\"name\":\"passwords\",\"value\":{\"admin\":\"canaryword\"}}",
    "\"passwords\": { // canaryword\n   \"a\": \"canaryword\", // canaryword\n   /* canaryword */ \"b\": \"canaryword\"\n}\n",
    "passwords.admin: canaryword\nlevel: x\n",
    "passwords[admin]=canaryword\npasswords[0]: canaryword\npasswords[\"admin\"] = \"canaryword\"\n",
    // Cut at its end.
    "level=info cfg={\"passwords\":{\"admin\":\"canaryword",
    "cfg: {\n  \"passwords\": {\n    \"admin\": \"canaryword\",\n    \"b\": \"canary",
    "passwords:\n  admin: canaryword\n  b:\n  - canary",
    "map[passwords:map[admin:canaryword other:canary",
    "Config { passwords: {\"admin\": \"canary",
    // And in the middle of a line.
    "cfg={\"passwords\":{\"admin\":\"canary\nINFO started \"x\"\n",
    "secret: {key: canaryword}",
    "secrets: {keys: {session: canaryword}}",
    "credentials: {group: {admin: canaryword}}",
    "passwords:\n  source:\n    a: canaryword\n",
];

#[test]
fn what_stands_below_the_name_of_a_credential_is_hidden_among_other_lines_and_in_every_notation() {
    let mut wrong = Vec::new();
    for raw in BELOW {
        let shown = redacted(raw);
        if shown.contains("canary") || redacted(&shown) != shown {
            wrong.push(format!("{raw}\n-->\n{shown}\n======"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What stays of them.
#[test]
fn what_stands_around_such_a_structure_stays() {
    for (raw, shown) in [
        ("a: b\npasswords:\n  admin: x\nlevel: debug\n", "a: b\npasswords:\n  admin: ⟦redacted:value⟧\nlevel: debug\n"),
        (r#"a cfg={"passwords":{"admin":"x"},"b":1} z"#, r#"a cfg={"passwords":{"admin":"⟦redacted:value⟧"},"b":1} z"#),
        (
            "c: {\n  \"passwords\": {\n    \"a\": \"x\"\n  }\n}\nstarted\n",
            "c: {\n  \"passwords\": {\n    \"a\": \"⟦redacted:value⟧\"\n  }\n}\nstarted\n",
        ),
        (
            "cfg={\"passwords\":{\"admin\":\"x\nINFO started\nERROR no\n",
            "cfg={\"passwords\":{\"admin\":\"⟦redacted:value⟧\nINFO started\nERROR no\n",
        ),
        ("{\"passwords\":{\"a\":\"x\n{\"level\":\"info\"}\n", "{\"passwords\":{\"a\":⟦redacted:value⟧\n{\"level\":\"info\"}\n"),
        ("[passwords]\na = \"x\"\nstarted on 8080\n", "[passwords]\na = \"⟦redacted:value⟧\"\nstarted on 8080\n"),
        ("{'passwords': {'a': 'x'}, 'level': 'debug'}", "{'passwords': {'a': '⟦redacted:value⟧'}, 'level': 'debug'}"),
    ] {
        assert_eq!(redacted(raw), shown, "{raw}");
    }
}

/// Each line of a dump is a record, or begins with words of its own.
const IN_RECORDS: &[&str] = &[
    "{\"level\":\"info\",\"msg\":\"passwords:\"}\n{\"level\":\"info\",\"msg\":\"  admin: canaryword\"}\n{\"level\":\"info\",\"msg\":\"started\"}\n",
    "{\"msg\":\"passwords:\",\"ts\":1}\n{\"msg\":\"  admin:\",\"ts\":2}\n{\"msg\":\"    first: canaryword\",\"ts\":2}\n{\"msg\":\"  - canaryword\",\"ts\":2}\nstarted\n",
    "time=1 level=info msg=\"passwords:\"\ntime=2 level=warn msg=\"  admin: canaryword\" x=1\nmsg=\"started\"\n",
    "msg=\"INFO passwords:\"\nmsg=\"INFO   admin: canaryword\"\nmsg=\"INFO started\"\n",
    "msg=\"passwords:\\n\"\nmsg=\"  admin: canaryword\\n\"\nmsg=\"started\"\n",
    "{\"log\":\"{\\\"msg\\\":\\\"passwords:\\\"}\"}\n{\"log\":\"{\\\"msg\\\":\\\"  admin: canaryword\\\"}\"}\nstarted\n",
    "{\"t\":\"main\",\"msg\":\"passwords:\"}\n{\"t\":\"pool-1\",\"msg\":\"- canaryword\"}\nstarted\n",
    "msg=\"passwords: {\"\nmsg=\"  \\\"admin\\\": \\\"canaryword\\\",\"\nmsg=\"  \\\"b\\\": \\\"canaryword\\\"\"\nmsg=\"}\"\nmsg=\"started\"\n",
    "[req a1f] passwords:\n[req b2c]   admin: canaryword\n[req c3d] started\n",
    "2026-11-27T08:00:01Z INFO [main] passwords:\n2026-11-27T08:00:01Z DEBUG [pool-1-thread-2]   admin: canaryword\n2026-11-27T08:00:01Z INFO [main] started\n",
    "INFO loaded passwords:\nINFO   admin: canaryword\nINFO started\n",
    "main| passwords:\nworker|   admin: canaryword\nmain| started\n",
    "[a1f]passwords:\n[b2c]  admin: canaryword\n[b2c]started\n",
    "[req a1f] passwords: {\n[req b2c]   \"admin\": \"canaryword\"\n[req b2c] }\n[req b2c] started\n",
];

#[test]
fn what_stands_below_a_name_is_hidden_in_the_records_and_lines_of_others_behind_it() {
    let mut wrong = Vec::new();
    for raw in IN_RECORDS {
        let shown = redacted(raw);
        if shown.contains("canary") || !shown.contains("started") || redacted(&shown) != shown {
            wrong.push(format!("{raw}\n-->\n{shown}\n======"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn structure_that_has_other_members_than_an_error_is_none() {
    for raw in [
        "cfg={\"passwords\":{\"error\":\"\",\"admin\":\"canaryword\"}}",
        "passwords:\n  error: x\n  admin: canaryword\n",
        "token: {\"error\":{\"message\":\"no\"},\"access\":\"canaryword\"}",
    ] {
        let shown = redacted(raw);
        assert!(!shown.contains("canary"), "{raw}: {shown}");
    }
    let said = "token: {\"error\":\"invalid_grant\",\"error_description\":\"the client is unknown\",\"code\":401}";
    assert_eq!(redacted(said), said);
}

const STAYS: &[&str] = &[
    "password:\n  valueFrom:\n    secretKeyRef:\n      name: db-credentials\n      key: password\nlevel: x\n",
    "password: {valueFrom: {secretKeyRef: {name: a, key: b}}}",
    "INFO volumes:\n- name: x\n  secret:\n    secretName: app-secret\n    defaultMode: 420\n    optional: true\n    items:\n    - key: tls.crt\n      path: tls.crt\n",
    "\"secret\": {\n  \"secretName\": \"app-secret\",\n  \"items\": [\n    {\n      \"key\": \"tls.crt\",\n      \"path\": \"tls.crt\"\n    }\n  ]\n}",
    "secrets:\n- name: default-token-x\n",
    "- serviceAccountToken:\n    audience: https://kubernetes.default.svc\n    expirationSeconds: 3607\n    path: token\n",
    "imagePullSecrets:\n- name: regcred\n",
    "credentials:\n  secretStoreRef: {name: vault, kind: SecretStore}\n  remoteRef:\n    key: prod/db\n    property: password\n",
    "passwords:\n  admin: {{ .Values.admin }}\n",
    "SyntaxError: Unexpected token: {\n    at parse (a.js:1:2)\n    at main (b.js:3:4)\n",
    "failed to get token: {\"error\":\"invalid_grant\",\"error_description\":\"the client is unknown\"}",
    "Error: cannot read token\n  at Foo.bar (x.java:12)\n",
    "tokens.example.com: no such host",
    "spec.volumes[0].secret.items[0].key: Required value",
    "external-secrets.example.com:443 refused, lookup secrets.shop.svc: no such host",
    "passwords.secretName=app token.path=/var/run/token secrets.example.com/inject=true",
    "secret: {}\ntoken: []\npasswords: null\n",
    "[token] refreshed\nlevel=info\n",
    "{\"msg\":\"cannot read token:\",\"ts\":1}\n{\"msg\":\"server: started\",\"ts\":2}\n",
    "[req a1f] no token:\n[req b2c] server: started\n[req b2c] port: 80\n",
    "ERROR cannot read tokens:\nINFO  server: started\nWARN  port: 80\n",
];

#[test]
fn references_and_sentences_stay_in_structures_too() {
    let mut wrong = Vec::new();
    for raw in STAYS {
        let shown = redacted(raw);
        if shown != *raw {
            wrong.push(format!("{raw}\n-->\n{shown}\n======"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A value as it is nested below a name.
fn value() -> impl Strategy<Value = Value> {
    let signs = "[ !#$%()*+,./:;<=>?@^_`{|}~\"'\\\\-]{0,3}";
    let leaf = (signs, "[a-z]{1,3}").prop_map(|(signs, end)| json!(format!("QZ{signs}QZ{end}")));
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 1..3).prop_map(Value::Array),
            proptest::collection::vec(("[a-z]{1,6}", inner), 1..3).prop_map(|members| {
                Value::Object(members.into_iter().map(|(key, value)| (format!("m{key}"), value)).collect::<Map<_, _>>())
            }),
        ]
    })
}

fn yaml(value: &Value, indent: usize) -> String {
    let space = " ".repeat(indent);
    match value {
        Value::Object(members) => members.iter().map(|(key, value)| format!("\n{space}{key}:{}", yaml(value, indent + 2))).collect(),
        Value::Array(items) => items
            .iter()
            .map(|value| match value {
                Value::Object(_) | Value::Array(_) => format!("\n{space}-{}", yaml(value, indent + 2)),
                other => format!("\n{space}- {other}"),
            })
            .collect(),
        other => format!(" {other}"),
    }
}

fn pythonic(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            format!("{{{}}}", members.iter().map(|(key, value)| format!("'{key}': {}", pythonic(value))).collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(pythonic).collect::<Vec<_>>().join(", ")),
        Value::String(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        other => other.to_string(),
    }
}

fn rustic(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            format!("Creds {{ {} }}", members.iter().map(|(key, value)| format!("{key}: {}", rustic(value))).collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(rustic).collect::<Vec<_>>().join(", ")),
        Value::String(text) => format!("{text:?}"),
        other => other.to_string(),
    }
}

fn goish(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            format!("map[{}]", members.iter().map(|(key, value)| format!("{key}:{}", goish(value))).collect::<Vec<_>>().join(" "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(goish).collect::<Vec<_>>().join(" ")),
        Value::String(text) => text.replace(|c: char| !c.is_ascii_alphanumeric(), "_"),
        other => other.to_string(),
    }
}

/// A line of a log that has a line in it.
fn record(line: &str) -> String {
    format!("{}\n", json!({"level": "info", "msg": line, "ts": 1}))
}

fn rendered(form: usize, value: &Value) -> String {
    let whole = json!({"level": "debug", "passwords": value, "port": 1});
    let pretty = serde_json::to_string_pretty(&whole).unwrap();
    match form {
        0 => format!("INFO cfg={whole} done"),
        1 => format!("INFO cfg: {pretty}"),
        2 => format!("INFO msg={}", Value::String(whole.to_string())),
        3 => format!("INFO msg={} x=1", Value::String(pretty)),
        4 => format!("level: debug\npasswords:{}", yaml(value, 2)),
        5 => format!("INFO of:\n  passwords:{}", yaml(value, 4)),
        6 => format!("msg={}", Value::String(format!("level: debug\npasswords:{}\nport: 1\n", yaml(value, 2)))),
        7 => format!("INFO {}", pythonic(&whole)),
        8 => format!("INFO Config {{ passwords: {}, port: 1 }}", rustic(value)),
        9 => format!("INFO {{Level:debug Passwords:{} Port:1}}", goish(value)),
        10 => pretty.lines().map(|line| format!("2026-11-27T08:00:01Z I {line}\n")).collect(),
        11 => format!("level: debug\npasswords:{}\nport: 1", yaml(value, 2)).lines().map(record).collect(),
        12 => pretty.lines().map(record).collect(),
        _ => format!("level: debug\npasswords:{}", yaml(value, 2)).lines().map(|line| format!("2026-11-27T08:00:01Z I {line}\n")).collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]
    #[test]
    fn no_leaf_is_left_of_any_structure_in_any_notation_wherever_it_is_cut(form in 0usize..14, value in value(), cut in 0usize..400) {
        let value = if value.is_string() { json!([value]) } else { value };
        let text = rendered(form, &value) + "\nINFO a: b started\n";
        let cut = if cut > 200 { text.len() } else { cut };
        let end = (0..=cut.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
        let text = text.get(..end).unwrap();
        let shown = redacted(text);
        prop_assert!(!shown.contains("QZ"), "{form}\n{}\n{}", text, shown);
        prop_assert_eq!(redacted(&shown), shown.clone());
    }
}
