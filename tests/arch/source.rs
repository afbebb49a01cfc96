//! Reads `src/` as tokens, not as a syntax tree alone: a path inside a macro call counts too.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The one file that makes each value of consent.
pub(super) const MINTS: &[(&str, &str)] = &[
    ("Permit", "src/session/journal.rs"),
    ("Approved", "src/session/approval.rs"),
    ("Grant", "src/session/gate.rs"),
    ("RevertPermit", "src/session/journal.rs"),
];

/// One file of `src/`.
pub(super) struct Source {
    pub(super) path: String,
    /// `["session", "gate"]`; empty for `lib.rs`.
    pub(super) module: Vec<String>,
    /// It is compiled for tests only.
    pub(super) test: bool,
    pub(super) text: String,
    /// All names, without what is compiled for tests only; so are the rest.
    pub(super) idents: BTreeSet<String>,
    /// Every path that is named, from `crate` or from a foreign crate on; `use` groups are spread out.
    pub(super) paths: Vec<Vec<String>>,
    /// `Permit { … }` as a value: which, and the braces.
    pub(super) made: Vec<(String, String)>,
    /// `client.send` or `write.send`.
    pub(super) sends_with_client: bool,
    /// Type name → derived traits.
    pub(super) derives: Vec<(String, Vec<String>)>,
    /// Trait name, type name.
    pub(super) implementations: Vec<(String, String)>,
    /// Types that get methods of their own here.
    pub(super) methods_of: Vec<String>,
    /// Structs, enums, unions, traits and aliases that all of the program or everybody may name.
    pub(super) public_types: Vec<String>,
    /// Enum name → variants in kebab case.
    pub(super) enums: BTreeMap<String, Vec<String>>,
}

impl Source {
    fn parse(path: &str, module: Vec<String>, test: bool) -> (Self, Vec<(String, bool)>) {
        let text = read(path);
        let file = syn::parse_file(&text).unwrap_or_else(|e| panic!("{path}: {e}"));
        let stream: TokenStream = text.parse().unwrap();
        let tokens = without_tests(stream);
        let mut idents = BTreeSet::new();
        each_ident(&tokens, &mut |i| {
            idents.insert(i.to_owned());
        });
        let mut paths = Vec::new();
        paths_in(&tokens, &module, &[], &mut paths);
        let mut public_types = Vec::new();
        public_types_in(&tokens, &mut public_types);
        let made = MINTS.iter().flat_map(|(value, _)| literals_of(&tokens, value).into_iter().map(|text| ((*value).to_owned(), text)));
        let mut source = Self {
            path: path.to_owned(),
            module,
            test,
            made: made.collect(),
            sends_with_client: has(&tokens, &["client", ".", "send"]) || has(&tokens, &["write", ".", "send"]),
            idents,
            paths,
            text,
            derives: Vec::new(),
            implementations: Vec::new(),
            methods_of: Vec::new(),
            public_types,
            enums: BTreeMap::new(),
        };
        let mut children = Vec::new();
        for item in file.items {
            match item {
                syn::Item::Mod(m) if m.content.is_none() => children.push((m.ident.to_string(), m.attrs.iter().any(is_test_only))),
                syn::Item::Struct(s) => source.derives.push((s.ident.to_string(), derived(&s.attrs))),
                syn::Item::Enum(e) => {
                    source.derives.push((e.ident.to_string(), derived(&e.attrs)));
                    source.enums.insert(e.ident.to_string(), e.variants.iter().map(|v| kebab(&v.ident.to_string())).collect());
                }
                syn::Item::Impl(i) if !i.attrs.iter().any(is_test_only) => {
                    let of = i.trait_.and_then(|(_, path, _)| path.segments.last().map(|s| s.ident.to_string()));
                    if let syn::Type::Path(of_type) = *i.self_ty
                        && let Some(last) = of_type.path.segments.last()
                    {
                        match of {
                            Some(of) => source.implementations.push((of, last.ident.to_string())),
                            None => source.methods_of.push(last.ident.to_string()),
                        }
                    }
                }
                _ => {}
            }
        }
        (source, children)
    }

    pub(super) fn top(&self) -> Option<&str> {
        self.module.first().map(String::as_str)
    }

    /// In `top/file.rs` or its folder.
    pub(super) fn is_in(&self, top: &str, file: &str) -> bool {
        self.top() == Some(top) && self.module.get(1).is_some_and(|m| m == file)
    }

    pub(super) fn names(&self, words: &[&str]) -> bool {
        words.iter().any(|w| self.idents.contains(*w))
    }
}

pub(super) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(super) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

pub(super) fn stem(path: &str) -> String {
    Path::new(path).file_stem().unwrap().to_string_lossy().into_owned()
}

pub(super) fn files_under(folder: &str, extension: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                out.push(path.strip_prefix(root()).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    out.sort();
    out
}

/// `main.rs`, and every file that `lib.rs` leads to; read once for all tests.
pub(super) fn sources() -> &'static [Source] {
    static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
        let mut out = vec![Source::parse("src/main.rs", Vec::new(), false).0];
        let mut next = vec![("src/lib.rs".to_owned(), Vec::new(), false)];
        while let Some((path, module, test)) = next.pop() {
            let (source, children) = Source::parse(&path, module.clone(), test);
            for (name, test_only) in children {
                let child: Vec<String> = module.iter().cloned().chain([name]).collect();
                next.push((format!("src/{}.rs", child.join("/")), child, test || test_only));
            }
            out.push(source);
        }
        out.sort_by(|a, b| a.path.cmp(&b.path));
        out
    });
    &SOURCES
}

/// The crates of `[dependencies]`, as they are named in code.
pub(super) fn dependencies() -> BTreeSet<String> {
    let manifest = read("Cargo.toml");
    let section = manifest.split("\n[").find(|s| s.starts_with("dependencies]")).unwrap();
    section.lines().skip(1).filter_map(|l| l.split_once(" = ")).map(|(name, _)| name.replace('-', "_")).collect()
}

fn is_test_only(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Ident>().is_ok_and(|i| i == "test")
}

/// `pub struct Name` and the like, also within a macro.
fn public_types_in(tokens: &[TokenTree], out: &mut Vec<String>) {
    for (at, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token {
            public_types_in(&group.stream().into_iter().collect::<Vec<_>>(), out);
        }
        if ident(Some(token)).is_none_or(|word| word != "pub") {
            continue;
        }
        let within = match tokens.get(at + 1) {
            Some(TokenTree::Group(within)) => Some(within.stream().to_string()),
            _ => None,
        };
        let rest = at + 1 + usize::from(within.is_some());
        let declares = ident(tokens.get(rest)).is_some_and(|word| ["struct", "enum", "union", "trait", "type"].contains(&word.as_str()));
        if declares && within.is_none_or(|within| within == "crate") {
            out.extend(ident(tokens.get(rest + 1)));
        }
    }
}

fn derived(attributes: &[syn::Attribute]) -> Vec<String> {
    let mut out = Vec::new();
    for attribute in attributes.iter().filter(|a| a.path().is_ident("derive")) {
        let _ = attribute.parse_nested_meta(|meta| {
            out.extend(meta.path.segments.last().map(|s| s.ident.to_string()));
            Ok(())
        });
    }
    out
}

fn kebab(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// Drops each item behind `#[cfg(test)]`.
pub(super) fn without_tests(stream: TokenStream) -> Vec<TokenTree> {
    let mut out = Vec::new();
    let mut tokens = stream.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let test_only = matches!(&token, TokenTree::Punct(p) if p.as_char() == '#')
            && matches!(tokens.peek(), Some(TokenTree::Group(g)) if g.stream().to_string().replace(' ', "") == "cfg(test)");
        if !test_only {
            out.push(token);
            continue;
        }
        for skipped in tokens.by_ref() {
            let ends = match &skipped {
                TokenTree::Group(g) => g.delimiter() == Delimiter::Brace,
                TokenTree::Punct(p) => p.as_char() == ';',
                _ => false,
            };
            if ends {
                break;
            }
        }
    }
    out
}

fn each_ident(tokens: &[TokenTree], tell: &mut impl FnMut(&str)) {
    for token in tokens {
        match token {
            TokenTree::Ident(i) => tell(&i.to_string()),
            TokenTree::Group(g) => each_ident(&g.stream().into_iter().collect::<Vec<_>>(), tell),
            _ => {}
        }
    }
}

fn is_punct(token: Option<&TokenTree>, c: char) -> bool {
    matches!(token, Some(TokenTree::Punct(p)) if p.as_char() == c)
}

fn is_colons(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':')
}

/// Collects paths. `prefix` is what a `use` group stands behind.
fn paths_in(tokens: &[TokenTree], module: &[String], prefix: &[String], out: &mut Vec<Vec<String>>) {
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Group(g) => {
                let inner: Vec<TokenTree> = g.stream().into_iter().collect();
                // `mod name { … }` is one level deeper.
                let named = at.checked_sub(1).and_then(|i| ident(tokens.get(i)));
                let is_mod = at.checked_sub(2).and_then(|i| ident(tokens.get(i))).is_some_and(|i| i == "mod");
                match named {
                    Some(name) if is_mod && g.delimiter() == Delimiter::Brace => {
                        let deeper: Vec<String> = module.iter().cloned().chain([name]).collect();
                        paths_in(&inner, &deeper, &[], out);
                    }
                    _ => paths_in(&inner, module, &[], out),
                }
                at += 1;
            }
            // `x as y` in a group: `y` is nothing that is named.
            TokenTree::Ident(first) if first == "as" && !prefix.is_empty() => at += 2,
            // `pub(in crate::x)` says who may see, and names nothing.
            TokenTree::Ident(first) if first == "in" && at == 0 => return,
            TokenTree::Ident(first) => {
                let mut path: Vec<String> = prefix.to_vec();
                path.push(first.to_string());
                let after_use = at.checked_sub(1).and_then(|i| ident(tokens.get(i))).is_some_and(|i| i == "use");
                at += 1;
                let mut group = None;
                while is_colons(tokens, at) {
                    match tokens.get(at + 2) {
                        Some(TokenTree::Ident(i)) => path.push(i.to_string()),
                        Some(TokenTree::Group(g)) if g.delimiter() == Delimiter::Brace => group = Some(g.clone()),
                        _ => {
                            at += 2;
                            break;
                        }
                    }
                    at += 3;
                }
                match group {
                    Some(g) => paths_in(&g.stream().into_iter().collect::<Vec<_>>(), module, &path, out),
                    None if path.len() > 1 || after_use => out.push(resolved(&path, module)),
                    None => {}
                }
            }
            _ => at += 1,
        }
    }
}

fn ident(token: Option<&TokenTree>) -> Option<String> {
    match token {
        Some(TokenTree::Ident(i)) => Some(i.to_string()),
        _ => None,
    }
}

/// `super::x` and `self::x` from the crate's root on.
fn resolved(path: &[String], module: &[String]) -> Vec<String> {
    let climbs = path.iter().take_while(|s| *s == "super").count();
    let at_self = path.first().is_some_and(|s| s == "self");
    if climbs == 0 && !at_self {
        return path.to_vec();
    }
    let base = &module[..module.len().saturating_sub(climbs)];
    let rest = path.iter().skip(climbs.max(usize::from(at_self)));
    ["crate".to_owned()].into_iter().chain(base.iter().cloned()).chain(rest.cloned()).collect()
}

fn has(tokens: &[TokenTree], wanted: &[&str]) -> bool {
    let words: Vec<String> =
        tokens.iter().map(|t| if matches!(t, TokenTree::Group(_)) { "(…)".to_owned() } else { t.to_string() }).collect();
    words.windows(wanted.len()).any(|w| w == wanted)
        || tokens.iter().any(|t| matches!(t, TokenTree::Group(g) if has(&g.stream().into_iter().collect::<Vec<_>>(), wanted)))
}

/// `Name { … }` where it is a value: not a declaration, not an `impl`, not a pattern of `let`. In its `impl`, `Self { … }` too.
fn literals_of(tokens: &[TokenTree], name: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        let inner: Vec<TokenTree> = group.stream().into_iter().collect();
        out.extend(literals_of(&inner, name));
        let before = at.checked_sub(2).and_then(|i| ident(tokens.get(i))).unwrap_or_default();
        let is_named = at.checked_sub(1).and_then(|i| ident(tokens.get(i))).is_some_and(|i| i == name);
        let is_declared = ["struct", "impl", "for", "let", "enum"].contains(&before.as_str());
        let returned = at >= 3 && is_punct(tokens.get(at - 2), '>') && is_punct(tokens.get(at - 3), '-');
        if is_named && group.delimiter() == Delimiter::Brace && !is_declared && !returned {
            out.push(group.to_string());
        }
        if is_named && ["impl", "for"].contains(&before.as_str()) {
            out.extend(literals_of(&inner, "Self"));
        }
    }
    out
}

// ---------------------------------------------------------------- the reader itself

#[test]
fn a_path_is_found_wherever_it_hides() {
    let code = "use crate::{domain::{kind::Kind as K, plan::Plan}, execute::Executor}; use super::super::session::Permit; use kube as k; \
                pub(in crate::planner) struct S; \
                fn f() { println!(\"{}\", kube::Api::all(c)); } mod inner { fn g() { super::super::other::h() } } \
                #[cfg(test)] mod tests { use crate::sim::Sim; } #[tokio::main] fn m() {}";
    let mut found = Vec::new();
    let module = ["planner".to_owned(), "lint".to_owned()];
    paths_in(&without_tests(code.parse().unwrap()), &module, &[], &mut found);
    let found: Vec<String> = found.iter().map(|p| p.join("::")).collect();
    assert_eq!(
        found,
        [
            "crate::domain::kind::Kind",
            "crate::domain::plan::Plan",
            "crate::execute::Executor",
            "crate::session::Permit",
            "kube",
            "kube::Api::all",
            "crate::planner::other::h",
            "tokio::main",
        ]
    );
}

#[test]
fn a_public_type_is_found_wherever_it_is_declared() {
    let code = "pub struct A; pub(crate) trait B {} pub(super) struct C; struct D; mod m { pub enum E {} } \
                macro_rules! f { () => { pub enum F {} pub struct $name; } } #[cfg(test)] mod tests { pub struct G; } pub fn h() {}";
    let mut found = Vec::new();
    public_types_in(&without_tests(code.parse().unwrap()), &mut found);
    assert_eq!(found, ["A", "B", "E", "F"]);
}

#[test]
fn a_value_is_told_from_a_declaration_and_a_pattern() {
    let code = "struct Permit { plan: Plan } impl Permit { fn f() -> Permit { g() } fn k() -> Self { Self { q } } } fn h() { let Permit { plan } = p; Ok((Permit { plan: p })) }";
    let tokens: Vec<TokenTree> = code.parse::<TokenStream>().unwrap().into_iter().collect();
    assert_eq!(literals_of(&tokens, "Permit"), ["{ q }", "{ plan : p }"]);
    assert!(has(&tokens, &["g", "(…)"]) && !has(&tokens, &["client", ".", "send"]));
}

#[track_caller]
pub(super) fn assert_none(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "\n  {}\n", wrong.join("\n  "));
}
