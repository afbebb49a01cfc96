//! A package holds what it should.

use super::source::{assert_none, root};

#[test]
fn package_holds_no_test_data() {
    let listed = assert_cmd::Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .unwrap();
    let text = String::from_utf8(listed.stdout).unwrap();
    assert!(text.lines().any(|l| l == "src/lib.rs"), "{text}{}", String::from_utf8_lossy(&listed.stderr));
    let data = text.lines().filter(|l| ["tests/", "fixtures/", "benches/", "docs/", ".ci/", ".github/"].iter().any(|d| l.starts_with(d)));
    assert_none(data.map(str::to_owned).collect());
}
