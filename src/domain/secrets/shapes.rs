//! Every shape of a credential that is known, and what looks like one and is none.

use super::*;

/// What must not be left of each of these.
pub(crate) const PLANTED: &[(&str, &str)] = &[
    ("Authorization: Digest CANARYq1", "CANARYq1"),
    ("Proxy-Authorization: Basic Q0FOQVJZcTI=", "Q0FOQVJZcTI"),
    ("X-Auth-Token: CANARYq3", "CANARYq3"),
    ("X-Auth: CANARYq4", "CANARYq4"),
    ("Cookie: sid=CANARYq5; theme=dark", "CANARYq5"),
    ("client-key-data: CANARYq6", "CANARYq6"),
    ("cert LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCANARYq7", "CANARYq7"),
    (r"k=-----BEGIN EC PRIVATE KEY-----\nCANARYq8\n-----END EC PRIVATE KEY-----\n", "CANARYq8"),
    ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJDQU5BUlkifQ.CANARYq9_x", "CANARYq9"),
    ("sent bearer CANARYq10aaaaaaaaaa1", "CANARYq10"),
    ("amqp://guest:CANARYq11@mq:5672/v", "CANARYq11"),
    ("Server=tcp:db,1433;User ID=sa;Password=CANARYq12;Encrypt=True", "CANARYq12"),
    ("found AKIACANARYQ13AAAAAAA", "CANARYQ13"),
    ("AWS_SECRET_ACCESS_KEY=CANARYq14/bPxRfiCYEXAMPLEKEY", "CANARYq14"),
    ("using ghp_CANARYq15aaaaaaaaaaaaaaaaaaaaaaa", "CANARYq15"),
    ("using glpat-CANARYq16aaaaaaaaaaa", "CANARYq16"),
    ("post https://hooks.slack.com/services/T0/B0/CANARYq17", "CANARYq17"),
    ("with xoxb-CANARYq18-1234567890", "CANARYq18"),
    ("//registry.npmjs.org/:_authToken=npm_CANARYq19aaaaaaaaaaaaaaaa", "CANARYq19"),
    ("upload pypi-AgEICANARYq20aaaaaaaaaa", "CANARYq20"),
    ("openai sk-proj-CANARYq21aaaaaaaaaaa", "CANARYq21"),
    ("anthropic sk-ant-api03-CANARYq22aaaaaa", "CANARYq22"),
    ("stripe sk_live_CANARYq23aaaa rk_test_CANARYq23bbbb whsec_CANARYq23cccccccc", "CANARYq23"),
    ("sendgrid SG.CANARYq24aaaaaaaa.CANARYq24bbbbbbbbbbb", "CANARYq24"),
    (r#"{"auths":{"r.example":{"username":"u","auth":"CANARYq25"}}}"#, "CANARYq25"),
    (".dockerconfigjson: eyJhdXRocyI6eyJCANARYq26", "CANARYq26"),
    (r#"{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\nCANARYq27\n-----END PRIVATE KEY-----\n"}"#, "CANARYq27"),
    ("DefaultEndpointsProtocol=https;AccountName=x;AccountKey=CANARYq28aa+/==;EndpointSuffix=x", "CANARYq28"),
    (r#"{"name":"DB_PASSWORD","value":"CANARYq29"}"#, "CANARYq29"),
    (r#"{"value":"CANARYq30","name":"DB_PASSWORD"}"#, "CANARYq30"),
    (r#"{"key":"api_token","value":"CANARYq31"}"#, "CANARYq31"),
    ("- value: CANARYq32\n  name: X-Auth-Key\n", "CANARYq32"),
    (r#"{"name":"Authorization","value":"CANARYq33"}"#, "CANARYq33"),
    ("run --db-password CANARYq34 --host db", "CANARYq34"),
    ("sshpass -p CANARYq35 ssh x", "CANARYq35"),
    ("openssl rsa -passin pass:CANARYq36 -in x", "CANARYq36"),
    ("machine git.example login bot password CANARYq37", "CANARYq37"),
    ("ALTER USER app IDENTIFIED BY 'CANARYq38'", "CANARYq38"),
    ("admin:$2y$10$CANARYq39aaaaaaaaaaaaaaaa", "CANARYq39"),
    ("encryptionKey: CANARYq40", "CANARYq40"),
    ("cache_key_v2=CANARYq41aB3dE5fG7hJ9kL1", "CANARYq41"),
    ("user: bob\npin: 482710", "482710"),
    ("vault hvs.CANARYq43aaaaaaaaaaaa", "CANARYq43"),
    ("GET /in?next=%2Fhome%3Fdb_password%3DCANARYq42%26a%3D1", "CANARYq42"),
    ("<password>CANARYq50</password>", "CANARYq50"),
    ("<db:Password type=\"plain\"><![CDATA[CANARYq51]]></db:Password>", "CANARYq51"),
    (r#"<property name="password" value="CANARYq52"/>"#, "CANARYq52"),
    (r#"<add value="CANARYq53" key="ApiKey"/>"#, "CANARYq53"),
    (r#"<entry key="db.password">CANARYq54</entry>"#, "CANARYq54"),
    ("<name>fs.s3a.secret.key</name>\n  <value>CANARYq55</value>", "CANARYq55"),
    ("login with password CANARYq56 failed", "CANARYq56"),
    ("requirepass canaryword", "canaryword"),
    ("machine git.example\nlogin bot\npassword canaryword\n", "canaryword"),
    (r#"db password "CANARYq57" was refused"#, "CANARYq57"),
    ("mysql -pCANARYq58 db", "CANARYq58"),
    ("curl -u bot:CANARYq59 https://x", "CANARYq59"),
    ("--password CANARYq60", "CANARYq60"),
    (r#"password := "CANARYq61""#, "CANARYq61"),
    (r#"password: str = "CANARYq62""#, "CANARYq62"),
    (r#"const apiToken string = "CANARYq63""#, "CANARYq63"),
    (r#"if password == "CANARYq64" {"#, "CANARYq64"),
    ("DB_PASSWORD ?= CANARYq65", "CANARYq65"),
    ("define('DB_PASSWORD', 'CANARYq66');", "CANARYq66"),
    (r#"os.Setenv("API_TOKEN", "CANARYq67")"#, "CANARYq67"),
    (r#"["password","CANARYq68"]"#, "CANARYq68"),
    ("ENV DB_PASSWORD CANARYq69", "CANARYq69"),
    ("db.example:5432:shop:app:CANARYq70", "CANARYq70"),
    ("*:*:*:postgres:CANARYq71", "CANARYq71"),
    ("user,password,host\nbob,CANARYq72,db\namy,CANARYq72b,db2\n", "CANARYq72"),
    (" id | api_token | name\n----+-----------+------\n 1  | CANARYq73 | bob\n", "CANARYq73"),
    (r#"{"type":"password","value":"CANARYq74"}"#, "CANARYq74"),
    ("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  x: Q0FOQVJZ\n  y: >-\n    CANARYq75\ntype: Opaque\n", "CANARYq75"),
    ("stringData:\n  file: |\n    CANARYq76\nkind: Secret\n", "CANARYq76"),
    (r#"got {"kind":"Secret","apiVersion":"v1","data":{"x":"CANARYq77"}} from cache"#, "CANARYq77"),
    ("{\n  \"data\": {\n    \"x\": \"CANARYq78\"\n  },\n  \"kind\": \"Secret\"\n}", "CANARYq78"),
    (r#"{\"kind\":\"Secret\",\"data\":{\"x\":\"CANARYq79\"}}"#, "CANARYq79"),
    ("- apiVersion: v1\n  kind: Secret\n  stringData: {a: CANARYq80}\n- kind: ConfigMap\n", "CANARYq80"),
    ("https://x.s3.amazonaws.com/a?X-Amz-Credential=CANARYq44&X-Amz-Signature=CANARYq44", "CANARYq44"),
];

/// What stays as it is.
pub(crate) const HARMLESS: &[&str] = &[
    "image: example/web@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "uid: 6f1c7d3e-1f0a-4e6f-9b6b-0a3f5b7c9d11",
    "resourceVersion: \"184467440737\"",
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8 deployed",
    "git.sha=9fceb02d0ae598e95dc970b74767f19372d61af8",
    "pod-template-hash: 7d9f8b6c5d",
    "controller-revision-hash: web-6b8f9d7c5d",
    "configMapKeyRef: {name: checkout-config-k8s-production-v2, key: database-url.production.properties}",
    "secretKeyRef: {name: db-credentials, key: password}",
    "secretName: tls-wildcard-example-com-2026-production",
    "serviceAccountName: token-refresher",
    "basic authentication is required",
    "key: node.kubernetes.io/unreachable",
    "topologyKey: topology.kubernetes.io/zone",
    "monkey=banana, turkey: 12, keyboard: qwerty",
    "checksum/config: 01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b",
    "containerID: containerd://841826b5e8f9d7c5d01ba4719c80b6fe911b091a7c05124b64eeece964e09c058",
    "lastTransitionTime: 2026-11-26T10:00:00Z",
    "nodePort: 30482, pin: GPIO17, pinned: true",
    "Failed to pull image \"example/web:1.2\": rpc error: code = NotFound",
    "http://api.shop.svc:8080/v1?page=2&sort_key=name",
    "max_tokens: 4096, tokenizer: fast",
    "password authentication failed for user app",
    "FATAL: password authentication failed for user \"app\"",
    "password required",
    "Password incorrect",
    "no password supplied for user db1",
    "the password was rejected; password policy is strict",
    "password encryption is scram-sha-256, password md5",
    "token refreshed, token expired at 12:00",
    "secret default-token-abc12 is mounted",
    "usage: login <user> <password> [options]",
    "if token == nil || password != null {",
    "<passwordPolicy>strict</passwordPolicy>",
    "at 12:34:56:78:90, mac aa:11:bb:cc:dd:ee, fe80:0:a:b:c",
    "10.0.0.1:5432 accepted, 10.0.0.2:5432 refused",
    "time,level,message\n1,info,started\n",
    "kind: ConfigMap\ndata:\n  level: debug\n",
    "kind: Secret\nmetadata:\n  name: db\n---\nkind: ConfigMap\ndata:\n  level: debug\n",
    "objectRef: {kind: Secret, name: db-credentials}",
    "GET /oauth/token 200 12ms",
];

#[test]
fn every_known_shape_of_a_credential_is_masked() {
    for (raw, canary) in PLANTED {
        let shown = redacted(raw);
        assert!(!shown.contains(canary) && shown.contains("⟦redacted:"), "{raw}: {shown}");
        assert_eq!(redacted(&shown), shown, "{raw}");
    }
}

#[test]
fn what_only_looks_like_a_credential_stays() {
    for text in HARMLESS {
        assert_eq!(redacted(text), *text);
    }
}

#[test]
fn what_stands_behind_a_credential_that_was_replaced_stays() {
    let shown = redacted("“password=hunter2").into_owned() + "”, and `x`";
    assert_eq!(redacted(&shown), shown);
    let words = redacted(r#"["--token=hunter2","-h","cache"]"#).into_owned();
    assert!(!words.contains("hunter2") && words.ends_with(r#"","-h","cache"]"#), "{words}");
}

#[test]
fn two_credentials_read_the_same() {
    assert_eq!(redacted("password=hunter2"), redacted("password=hunter3"), "else a text of one's own answers a guess");
}

/// Pieces that texts are made of that cost much where something is gone through anew for each.
const REPEATED: &[&str] = &[
    "password= ",
    "password=a\n",
    "password=a ",
    "http://a ",
    "http://aaaaaaaaaaaaaaaaaaaa",
    "http:///a@",
    "http://x/a@",
    "http://a@x:",
    "http://a:b@c?d",
    "mysql x\n - a\n",
    "mysql -p",
    "redis-cli -a ",
    " -p",
    "-----BEGIN PRIVATE KEY-----\n",
    "-----END PRIVATE KEY-----",
    "password: {",
    "password: [",
    "password: |",
    "password: |\n ",
    "token: the ",
    "token: \"",
    "token='\\'",
    "token=\\\\\\\\",
    "token: a, ",
    "token: a,,,,",
    "x \"'`{[(",
    "name: password, ",
    "value: a, name: ",
    "value: 'a', name: password",
    "--token ",
    "--token\n- ",
    "curl -u a:b ",
    "curl -u ",
    "a:b ",
    "key: aB3dE5fG7hJ9kL1mN3pQ5 ",
    "⟦redacted:value⟧",
    "⟦",
    "eyJhbGciOi.",
    "existingSecret: |\n ",
    "\n\n",
    "1 ",
    "pass: 1 1 1 1=",
    "password: {a: ",
    "password: {\"",
    "password: {\"a\": \"b",
    "password: {\n \"a\": \"b\n",
    "password: {\n",
    "password: # x",
    "password: ! ",
    "password:\n  a: b\n",
    "password:\n- a\n",
    "password:\n",
    "  password:\n   ",
    "password:\\n  a: b\\n",
    "password: map[a:b ",
    "password: map[",
    "password: Some(",
    "password: {a: {b: [",
    "password {",
    "[password]\na = '''\n",
    "[password]\na = b\n",
    "[password]\n",
    "password.a=b ",
    "password.a: b ",
    "password[a]: b\n",
    "password: {/* ",
    "password: {// ",
    "password: {a: (b ",
    "password: {a: '",
    "password:\n a: {\n",
    "password:\n a: \"",
    "\"password\":\n{\n",
    "x password: {\n",
    "password: [[[[[",
    "password: ]]]]",
    "password=['",
    "password: {a => ",
];

#[test]
fn work_of_masking_grows_with_the_length_of_any_text_and_no_faster() {
    for piece in REPEATED {
        let work = |bytes: usize| worked(&piece.repeat(bytes / piece.len())).1;
        let (once, twice) = (work(6_000), work(12_000));
        assert!(twice <= once * 23 / 10 + 2_000, "{piece:?}: {once} for 6 KB, {twice} for 12 KB");
        assert!(twice <= 12_000 * 64, "{piece:?}: {twice} for 12 KB");
    }
}

/// A structure's beginning, what is repeated in it, and its end.
const ENCLOSED: &[(&str, &str, &str)] = &[
    ("msg=\"passwords: {\"\nmsg=\" ", "\\\"a\\\",", "\\\"canary\\\"\"\n"),
    ("msg=\"passwords: {\"\nmsg=\" ", "a, ", "canary\"\n"),
    ("{\"msg\":\"passwords: [\"}\n{\"msg\":\"  ", "{a: b, c: [", "canary\"}\n"),
    ("msg=\"passwords:\"\n", "msg=\"  a: [b, c]\"\n", "msg=\"  a: canary\"\n"),
    ("<passwords><a>", "x\n", "canary</a></passwords>"),
];

#[test]
fn work_of_masking_grows_no_faster_within_a_structure_in_records_or_elements() {
    for (head, piece, tail) in ENCLOSED {
        let work = |bytes: usize| worked(&format!("{head}{}{tail}", piece.repeat(bytes / piece.len()))).1;
        let (once, twice) = (work(6_000), work(12_000));
        assert!(twice <= once * 23 / 10 + 2_000, "{head:?} {piece:?}: {once} for 6 KB, {twice} for 12 KB");
        assert!(twice <= 12_000 * 64, "{head:?} {piece:?}: {twice} for 12 KB");
    }
}

#[test]
fn structure_in_which_the_work_ends_is_not_shown() {
    for (head, piece, tail) in ENCLOSED {
        let text = format!("{head}{}{tail}", piece.repeat(500));
        let whole = worked(&text).1;
        for left in (0..20).map(|part| whole * part / 20) {
            let work = Work::on(&text);
            work.spend((text.len() * 256 + 64 * 1024).saturating_sub(left));
            let shown = once(&text, &work).into_owned();
            assert!(!shown.contains("canary"), "{head:?} {piece:?} with {left} of {whole} left: {shown}");
        }
    }
}

#[test]
fn what_costs_too_much_to_look_through_is_not_shown() {
    let text = "password: b \nuser: canary";
    let work = Work::on(text);
    work.spend(usize::MAX);
    let shown = once(text, &work).into_owned();
    assert!(shown.starts_with("⟦redacted:rest⟧") && !shown.contains("canary"), "{shown}");
}

#[test]
fn no_pass_shows_what_stands_behind_the_end_of_its_work() {
    for piece in REPEATED.iter().chain(&["mysql,-p", "mysql,-p,-p,-p,-p,-p,-p,-p,-p,-p,-p,-p,-p,-p,-p,-p,-p", "mysql -px "]) {
        let text = format!("{}\nmysql -phunter2canary db\npassword: canary2\n", piece.repeat(20));
        for spent in [0, 40_000, 60_000, 63_000, usize::MAX] {
            let work = Work::on(&text);
            work.spend(spent);
            let shown = once(&text, &work).into_owned();
            assert!(!shown.contains("canary"), "{piece:?} after {spent}: {shown}");
        }
    }
    let many = format!("{}\nmysql -phunter2canary db\n", format!("mysql{},", ",-p".repeat(190)).repeat(30));
    assert!(!redacted(&many).contains("canary"), "what costs too much ends in the mark");
}
