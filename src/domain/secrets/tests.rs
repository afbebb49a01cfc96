//! Which texts hold credentials, and which only speak of them.

use super::*;
use proptest::prelude::*;

#[test]
fn every_pattern_compiles() {
    assert_eq!(forms::COMPILED.len(), forms::FORMS.len());
    assert!(names::compile() && manifests::compile());
    assert!(nested::compile() && elements::compile());
    assert_eq!(written::compiled(), (17, true));
}

#[test]
fn credentials_are_replaced_in_whatever_form_they_come() {
    for (raw, canary) in [
        ("dsn postgres://app:hunter2@db:5432/x", "hunter2"),
        ("redis://:hunter2@cache:6379", "hunter2"),
        ("app:hunter2@tcp(db:3306)/x", "hunter2"),
        ("clone https://0123456789abcdef0123@git.example/x", "0123456789abcdef0123"),
        ("Authorization: Bearer abcdefghijklmnop", "abcdefghijklmnop"),
        ("Authorization: Token abc", "abc"),
        (r#"{"Authorization":"Token abc"}"#, "abc"),
        ("DB_PASSWORD=correct-horse", "correct-horse"),
        ("DB_PASS=x1", "x1"),
        ("dbPass=x1", "x1"),
        ("Server=db;User Id=sa;Pwd=x1;", "x1"),
        ("MYSQL_PWD=x1", "x1"),
        ("password=abc", "abc"),
        ("pass: z9", "z9"),
        ("passphrase: correcthorse", "correcthorse"),
        (r#"{"config":"{\"password\":\"hunter2\"}"}"#, "hunter2"),
        (r#"{\\\"token\\\": \\\"hunter2\\\"}"#, "hunter2"),
        ("run --password hunter2 --host db", "hunter2"),
        ("--db-pass=hunter2", "hunter2"),
        (r#"["--api-key", "hunter2"]"#, "hunter2"),
        ("args:\n- --password\n- hunter2", "hunter2"),
        ("AccountName=x;AccountKey=Zm9vYmFy+/==;", "Zm9vYmFy"),
        ("https://x.blob.core.windows.net/c?sv=2020&sig=abc%2Fdef", "abc%2Fdef"),
        ("key AIzaSyA1234567890abcdefghijklmnopqrstu", "AIzaSyA"),
        ("Cookie: session=abc; other=def", "abc"),
        ("Set-Cookie: id=a3fWa; Path=/", "a3fWa"),
        ("https://hooks.slack.com/services/T000/B000/XXXX", "B000"),
        (r#"{"auths":{"r.example":{"auth":"dXNlcjpwdw=="}}}"#, "dXNlcjpwdw"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----", "MIIabc"),
    ] {
        let shown = redacted(raw);
        assert!(!shown.contains(canary) && shown.contains("⟦redacted:"), "{raw}: {shown}");
    }
}

#[test]
fn all_of_a_value_is_replaced_and_not_its_first_word() {
    for (raw, shown) in [
        ("password={S3cret}", "password=⟦redacted:value⟧"),
        ("Pwd={a;b}}c};Encrypt=true", "Pwd=⟦redacted:value⟧;Encrypt=true"),
        (r#"password="two words" user=x"#, r#"password="⟦redacted:value⟧" user=x"#),
        ("password='a b' user=x", "password='⟦redacted:value⟧' user=x"),
        (r#"run --token "x y" --host db"#, r#"run --token "⟦redacted:value⟧" --host db"#),
        ("run --token 'x y'", "run --token '⟦redacted:value⟧'"),
        (r#"["--api-key", "x y"]"#, r#"["--api-key", "⟦redacted:value⟧"]"#),
        (r#"{"password":"a\"b c","user":"x"}"#, r#"{"password":"⟦redacted:value⟧","user":"x"}"#),
        (r#"{"c":"{\"password\":\"a\\\"b c\",\"user\":\"x\"}"}"#, r#"{"c":"{\"password\":\"⟦redacted:value⟧\",\"user\":\"x\"}"}"#),
        ("password: 'it''s one'\nuser: x", "password: '⟦redacted:value⟧'\nuser: x"),
        ("password: two plain words\nuser: x", "password: ⟦redacted:value⟧\nuser: x"),
        ("a:\n  token: |\n    one\n\n    two\n  user: x", "a:\n  token: ⟦redacted:value⟧\n  user: x"),
        ("Server=db;Pwd=a,b;c&d;User Id=x", "Server=db;Pwd=⟦redacted:value⟧;User Id=x"),
        ("(password=a)b)", "(password=⟦redacted:value⟧)"),
        ("postgres://app:p@ss/w:r#d@db:5432/x", "postgres://app:⟦redacted:password⟧@db:5432/x"),
        (r#"{"url":"redis://:a\"b@c:6379","mail":"x@y"}"#, r#"{"url":"redis://:⟦redacted:password⟧@c:6379","mail":"x@y"}"#),
        ("app:a@b/c@tcp(db:3306)/x", "app:⟦redacted:password⟧@tcp(db:3306)/x"),
        (r#"[{"name":"DB_PASSWORD","value":"x y"}]"#, r#"[{"name":"DB_PASSWORD","value":"⟦redacted:value⟧"}]"#),
        ("- name: DB_PASSWORD\n  value: x y\n- name: A", "- name: DB_PASSWORD\n  value: ⟦redacted:value⟧\n- name: A"),
        ("MIIabc\ndef=\n-----END RSA PRIVATE KEY-----", "⟦redacted:private-key⟧"),
        ("key: |\n  -----BEGIN PGP PRIVATE KEY BLOCK-----\n  x\n\n  abc\n", "key: |\n  ⟦redacted:private-key⟧"),
    ] {
        assert_eq!(redacted(raw), shown, "{raw}");
    }
}

#[test]
fn sentences_images_and_names_stay_as_they_are() {
    for text in [
        r#"0/2 nodes are available: persistentvolumeclaim "postgres-pvc" not found. not found"#,
        r#"Error: secret "db-password" not found"#,
        "couldn't find key password in Secret shop/app-secret",
        "example/refresh-token:2.0.1",
        r#"Failed to pull image "example/refresh-token:2.0.1": not found"#,
        r#"Back-off pulling image "refresh-token:2""#,
        "refresh-token:v2.0.1",
        "manifest for access-token:stable not found",
        "failed to fetch anonymous token: unexpected status from GET request to https://r.example/token: 403 Forbidden",
        "failed to authorize: failed to fetch oauth token: unexpected status",
        "flag --token is required",
        r#"MountVolume.SetUp failed for volume "secret" : references non-existent secret key: tls.crt"#,
        "bypass: all, compass=north, design=1",
        "secretName: app-secret",
        "name: db-password",
        r#"{"secret":{"secretName":"app-secret"}}"#,
        "password: {valueFrom: {secretKeyRef: {name: a, key: b}}}",
        "https://registry.example.com:5000/v2/app@sha256:abc",
        "https://user@host/x?mail=a@b",
    ] {
        assert_eq!(redacted(text), text);
    }
}

/// As images and frameworks call them in their documentation.
const VARIABLES: &str = "
    POSTGRES_PASSWORD PGPASSWORD POSTGRESQL_POSTGRES_PASSWORD MYSQL_ROOT_PASSWORD MYSQL_PASSWORD MYSQL_PWD MARIADB_ROOT_PASSWORD
    MONGO_INITDB_ROOT_PASSWORD REDIS_PASSWORD REDIS_AUTH REDISCLI_AUTH RABBITMQ_DEFAULT_PASS RABBITMQ_ERLANG_COOKIE
    MINIO_ROOT_PASSWORD MINIO_SECRET_KEY MINIO_ACCESS_KEY KEYCLOAK_ADMIN_PASSWORD KC_BOOTSTRAP_ADMIN_PASSWORD KC_DB_PASSWORD
    GF_SECURITY_ADMIN_PASSWORD GF_SECURITY_SECRET_KEY DJANGO_SECRET_KEY SECRET_KEY SECRET_KEY_BASE RAILS_MASTER_KEY APP_KEY
    JWT_SECRET SPRING_DATASOURCE_PASSWORD spring.datasource.password SPRING_RABBITMQ_PASSWORD STRIPE_SECRET_KEY STRIPE_API_KEY
    STRIPE_WEBHOOK_SECRET AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AZURE_CLIENT_SECRET AZURE_STORAGE_KEY AZURE_STORAGE_ACCOUNT_KEY
    GOOGLE_API_KEY GOOGLE_CREDENTIALS GITHUB_TOKEN GH_TOKEN GITHUB_WEBHOOK_SECRET SLACK_BOT_TOKEN SLACK_SIGNING_SECRET
    SENTRY_SECRET_KEY SENTRY_AUTH_TOKEN NATS_PASSWORD NATS_TOKEN NATS_PASS VAULT_TOKEN VAULT_DEV_ROOT_TOKEN_ID VAULT_SECRET_ID
    ELASTIC_PASSWORD NEO4J_AUTH CONSUL_HTTP_TOKEN CONSUL_HTTP_AUTH N8N_ENCRYPTION_KEY AIRFLOW__CORE__FERNET_KEY
    NEXTAUTH_SECRET WORDPRESS_DB_PASSWORD WORDPRESS_AUTH_KEY WORDPRESS_AUTH_SALT DD_API_KEY DD_APP_KEY NEW_RELIC_LICENSE_KEY
    PASSWORD_1 DB_PASSWORD2 DB_PASS2 API_KEY_2 passwords apiKeys secretKey secret_key secret-key clientSecret";

#[test]
fn variables_of_images_and_frameworks_are_credentials_in_every_form() {
    for name in VARIABLES.split_whitespace() {
        for raw in [
            format!("{name}=hunter2 x"),
            format!("{name}: hunter2"),
            format!(r#"{{"{name}":"hunter2"}}"#),
            format!(r#"[{{"name":"{name}","value":"hunter2"}}]"#),
            format!("- name: {name}\n  value: hunter2"),
        ] {
            let shown = redacted(&raw);
            assert!(!shown.contains("hunter2") && shown.contains("⟦redacted:value⟧"), "{raw}: {shown}");
        }
    }
    assert_eq!(redacted("run --secret-key hunter2"), "run --secret-key ⟦redacted:value⟧");
}

#[test]
fn settings_of_credentials_and_names_of_secrets_stay() {
    for text in [
        "token-service: 3 Pods",
        "refresh-token-0: CrashLoopBackOff",
        "secretName: app-secret",
        "existingSecret: app-secret",
        r#""imagePullSecrets":[{"name":"regcred"}]"#,
        "imagePullSecrets: [regcred]",
        "passwordPolicy: strict",
        "passwordSecretRef: {name: a, key: b}",
        "secretKeyRef: {name: a, key: b}",
        "automountServiceAccountToken: false",
        "max_tokens: 4096",
        "MAX_TOKENS=4096",
        "run --max-tokens 4096",
        r#"[{"name":"MAX_TOKENS","value":"4096"}]"#,
        "ENABLE_AUTH=true",
        "KAFKA_AUTH=sasl",
        "POSTGRES_HOST_AUTH_METHOD=trust",
        "GOOGLE_APPLICATION_CREDENTIALS=/var/secrets/google/key.json",
        "POSTGRES_PASSWORD_FILE=/run/secrets/db",
        "PUBLIC_KEY=abc, PARTITION_KEY=id, sort_key=id, primaryKey: id",
        "AWS_REGION=eu-west-1, keycloak: up, tokenizer: fast, secretary: x",
    ] {
        assert_eq!(redacted(text), text);
    }
}

/// How a secret may be written, with what escapes it there.
#[derive(Debug, Clone, Copy)]
enum Form {
    Plain(&'static str, &'static str),
    Json(&'static str, &'static str),
    JsonInJson(&'static str, &'static str),
    Single(&'static str, &'static str),
    Block(&'static str, &'static str),
    Address(&'static str, &'static str),
    Braces(&'static str, &'static str),
}

const EVERY: &[Form] = &[
    Form::Plain("run with password=", " on db"),
    Form::Plain("DB_PASSWORD=", "\nUSER=x"),
    Form::Plain("?x=1&token=", "&y=2"),
    Form::Plain("Server=db;Pwd=", ";Encrypt=true"),
    Form::Plain("--token ", " --host db"),
    Form::Json("password=\"", "\" user=x"),
    Form::Json("run --token \"", "\" --host db"),
    Form::Json("{\"password\":\"", "\",\"user\":\"x\"}"),
    Form::Json("{\"a\": [\"--api-key\", \"", "\"]}"),
    Form::Json("password: \"", "\"\nuser: x"),
    Form::Json("[{\"name\":\"API_TOKEN\",\"value\":\"", "\"}]"),
    Form::JsonInJson("{\"c\":\"{\\\"password\\\":\\\"", "\\\",\\\"user\\\":1}\"}"),
    Form::Single("password: '", "'\nuser: x"),
    Form::Single("- name: API_TOKEN\n  value: '", "'\n"),
    Form::Block("a:\n  secret: |-\n    ", "\n  user: x"),
    Form::Address("postgres://app:", "@db:5432/x"),
    Form::Address("dial redis://:", "@cache:6379 failed"),
    Form::Braces("Pwd={", "};Encrypt=true"),
];

impl Form {
    fn written(self, secret: &str) -> (String, &'static str) {
        let json = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let dense = || secret.replace(' ', "_");
        match self {
            Form::Plain(a, b) => (format!("{a}{}{b}", dense()), b),
            Form::Json(a, b) => (format!("{a}{}{b}", json(secret)), b),
            Form::JsonInJson(a, b) => (format!("{a}{}{b}", json(&json(secret))), b),
            Form::Single(a, b) => (format!("{a}{}{b}", secret.replace('\'', "''")), b),
            Form::Block(a, b) => (format!("{a}{}{b}", secret.replace(' ', "\n    ")), b),
            Form::Address(a, b) => (format!("{a}{}{b}", dense()), b),
            Form::Braces(a, b) => (format!("{a}{}{b}", secret.replace('}', "}}")), b),
        }
    }
}

proptest! {
    /// Marks at the beginning, in the middle and at the end of a secret: none of them is left, and what stands behind it is.
    #[test]
    fn no_part_of_any_secret_is_left_in_any_form(
        form in proptest::sample::select(EVERY),
        (one, other) in ("[ !#$%()*+,./;<>?@^_`{|}~\"'\\\\-]{0,4}", "[ !#$%()*+,./;<>?@^_`{|}~\"'\\\\-]{0,4}"),
    ) {
        let (text, behind) = form.written(&format!("QZFIRST{one}QZMIDDLE{other}QZLAST"));
        let shown = redacted(&text);
        prop_assert!(!shown.contains("QZ"), "{}\n{}", text, shown);
        prop_assert!(shown.ends_with(behind.trim_start_matches(['"', '\'', '}', '\\'])), "{}\n{}", text, shown);
    }

    /// A stored text is redacted again when it is read, and must read the same.
    #[test]
    fn what_was_redacted_once_stays_as_it_is(text in "[a-zA-Z:=\"'\\\\ ,/@?&;{}⟦⟧-]{0,24}(password|token|--pw|cookie|authorization|sig|://)[=: ]{0,2}[a-zA-Z:=\"'\\\\ ,/@?&;-]{0,24}") {
        let once = redacted(&text).into_owned();
        prop_assert_eq!(redacted(&once).into_owned(), once.clone());
    }
}
