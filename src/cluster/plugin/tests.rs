//! Login plugins that misbehave, as scripts in a folder of the test's own.

use super::*;
use crate::clock::ManualClock;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

struct Plugin {
    folder: TempDir,
    clock: Arc<ManualClock>,
    login: Arc<Login>,
}

fn plugin(script: &str) -> Plugin {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plugin");
    fs::write(&path, format!("#!/bin/sh\ncd '{}'\necho run >> runs\n{script}\n", folder.path().display())).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let exec = ExecConfig { command: Some(path.display().to_string()), ..ExecConfig::default() };
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let login = Arc::new(Login::new(exec, "lab", clock.clone(), Duration::from_secs(20)));
    Plugin { folder, clock, login }
}

impl Plugin {
    fn runs(&self) -> usize {
        fs::read_to_string(self.folder.path().join("runs")).unwrap_or_default().lines().count()
    }

    fn login(&mut self) -> &mut Login {
        Arc::get_mut(&mut self.login).unwrap()
    }

    async fn token(&self) -> String {
        self.login.credential().await.ok().and_then(|c| c.material.token).unwrap()
    }

    async fn error(&self) -> String {
        match self.login.credential().await {
            Err(ReadError::Config(text)) => text,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("a credential"),
        }
    }
}

const TOKEN: &str = r#"echo '{"kind":"ExecCredential","status":{"token":"t","expirationTimestamp":"1970-01-01T01:00:00Z"}}'"#;

#[tokio::test]
async fn credential_is_kept_until_shortly_before_it_expires() {
    let plugin = plugin(TOKEN);
    assert_eq!(plugin.token().await, "t");
    plugin.clock.advance(Duration::from_secs(58 * 60));
    plugin.token().await;
    assert_eq!(plugin.runs(), 1);
    plugin.clock.advance(Duration::from_secs(90));
    plugin.token().await;
    assert_eq!(plugin.runs(), 2);
}

#[tokio::test]
async fn forgotten_credential_is_had_anew_once() {
    let plugin = plugin(TOKEN);
    let first = plugin.login.credential().await.ok().unwrap().generation;
    plugin.login.forget(Some(first)).await;
    let second = plugin.login.credential().await.ok().unwrap().generation;
    assert!(second > first);
    plugin.login.forget(Some(first)).await;
    plugin.token().await;
    assert_eq!(plugin.runs(), 2, "another client's late refusal of the first says nothing about the second");
}

#[tokio::test]
async fn plugin_knows_that_nobody_can_be_asked() {
    let plugin = plugin(&format!(
        "printf %s \"$KUBERNETES_EXEC_INFO\" > info\nif read -r line; then exit 9; fi\necho canary-on-stderr >&2\n{TOKEN}"
    ));
    plugin.token().await;
    let info: Value = serde_json::from_str(&fs::read_to_string(plugin.folder.path().join("info")).unwrap()).unwrap();
    assert_eq!(info["spec"]["interactive"], false);
    assert_eq!(info["kind"], "ExecCredential");
}

#[tokio::test]
async fn yaml_and_certificates_are_understood() {
    let plugin = plugin("printf 'kind: ExecCredential\\nstatus:\\n  clientCertificateData: CERT\\n  clientKeyData: KEY\\n'");
    let mut auth = AuthInfo::default();
    plugin.login.credential().await.ok().unwrap().put_into(&mut auth);
    assert_eq!(auth.client_certificate_data, Some(STANDARD.encode("CERT")));
    assert!(auth.token.is_none() && auth.exec.is_none() && auth.client_key_data.is_some());
}

#[tokio::test]
async fn no_word_of_a_plugin_is_in_an_error() {
    for (script, words) in [
        ("echo canary; echo canary >&2; exit 3", "failed with exit code 3"),
        ("echo canary", "did not answer with an ExecCredential"),
        (r#"echo '{"status":{"token":""},"x":"canary"}'"#, "did not answer with an ExecCredential"),
        (r#"echo '{"status":{"token":"canary","expirationTimestamp":"canary"}}'"#, "did not answer with an ExecCredential"),
        ("kill -9 $$", "was killed by a signal"),
        ("exec yes canary", "wrote more than 1048576 bytes"),
    ] {
        let plugin = plugin(script);
        let error = plugin.error().await;
        assert!(error.contains(words) && error.contains("context `lab`") && !error.contains("canary"), "{script}: {error}");
        assert_eq!(plugin.error().await, error, "said again without running it again");
        assert_eq!(plugin.runs(), 1);
    }
}

#[tokio::test]
async fn plugin_that_hangs_is_ended() {
    let mut plugin = plugin("exec sleep 600");
    plugin.login().deadline = Duration::from_millis(300);
    let began = Instant::now();
    let error = plugin.error().await;
    assert!(error.contains("did not answer within 0 s"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn plugin_that_is_not_there_is_said_with_its_hint() {
    let mut plugin = plugin("");
    plugin.login().exec.command = Some("kubemend-no-such-plugin".to_owned());
    let error = plugin.error().await;
    assert!(error.contains("`kubemend-no-such-plugin`") && error.contains("not installed"), "{error}");
    plugin.login().held = Mutex::default();
    plugin.login().exec.install_hint = Some("get it from the shop".to_owned());
    assert!(plugin.error().await.ends_with("its install hint: get it from the shop"));
    plugin.login().held = Mutex::default();
    plugin.login().exec.command = None;
    assert!(plugin.error().await.contains("has no command"));
}

#[tokio::test]
async fn login_that_nobody_waits_for_any_longer_goes_on_and_is_kept() {
    let plugin = plugin(&format!("sleep 1; {TOKEN}"));
    for _ in 0..3 {
        let impatient = tokio::time::timeout(Duration::from_millis(50), plugin.login.credential());
        assert!(impatient.await.is_err());
    }
    assert_eq!(plugin.token().await, "t");
    assert_eq!(plugin.runs(), 1);
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn plugin_has_neither_our_input_nor_our_error_output() {
    let plugin = plugin(&format!("readlink /proc/$$/fd/0 /proc/$$/fd/2 > ends\n{TOKEN}"));
    plugin.token().await;
    assert_eq!(fs::read_to_string(plugin.folder.path().join("ends")).unwrap(), "/dev/null\n/dev/null\n");
}
