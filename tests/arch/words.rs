//! What a user reads is plain English in Kubernetes' own words: every text of the program, its help, and the documents.
//! A text that says it otherwise is found here, with the word to use instead.

use super::source::{assert_none, files_under, read, sources, without_tests};
use proc_macro2::{TokenStream, TokenTree};
use regex::{Regex, RegexBuilder};
use std::sync::LazyLock;

/// A way of saying something, as a pattern of whole words; the words to use instead; and where the same words are good English.
type Habit = (&'static str, &'static str, &'static str);

/// What people search for is on the right.
const HABITS: &[Habit] = &[
    (r"(is|are|was|were|be|been|being) told", "is reported, detected, known", ""),
    (r"(is|are|was|were|be|been|being)( only| to be)? had", "get, is available", ""),
    (r"(is|are|was|were|be|been|being) said", "is stated, set, reported", ""),
    (r"(is|are|was|were) no", "is not a", r"there (is|are|was|were) no|(is|are|was|were) no longer"),
    (r"may not", "is not allowed to, cannot", ""),
    (r"nobody made|being made|made (again|anew)|anew|plan made|made images?|cannot make", "create, provision, build", ""),
    (
        r"mak(e|es|ing) (the |a |an |its |this )?(new |empty )*(claim|class|volume|pod|container|configmap|folder|file)s?",
        "create, provision",
        "",
    ),
    (r"afresh", "again, from scratch", ""),
    (r"beforehand", "in advance, without asking", ""),
    (r"mend(s|ed|ing)?", "fix", ""),
    (r"whoever|whomever", "anyone who, the person who", ""),
    (r"had of", "received from", ""),
    (r"so many", "this many, or the number", ""),
    (r"(take|takes|taken|taking|took) ([\w']+ ){0,2}back", "roll back, rollback", ""),
    (r"say(s|ing)? (yes|no)|a ((clear|late|human's) )?(yes|no)|human's (yes|no)|yes or no", "approve, decline", r"a no-op|say no more"),
    (r"suffer(s|ed|ing)?", "is affected", ""),
    (r"not seen", "missing data, could not be read", ""),
    (r"looked at|look(s|ing|ed)? whether", "check, read, inspect", ""),
    (r"(is|are|was|were) over", "has ended, has expired", r"(is|are|was|were) over (the|a|\d)"),
    (r"(is|are) ending", "is terminating", ""),
    (r"rehears\w*", "dry run", ""),
    (r"rights|missing right", "permissions, RBAC", ""),
    (r"(is|are|was|were) not there|not there: .?", "does not exist, is not found", ""),
    (r"(is|are) wanted", "is expected, is required", ""),
    (r"(identity|one) that (may )?writes?", "writer credentials, writer identity", ""),
    (r"(go|goes|going|gone|went) on", "continue, is in progress", ""),
    (r"the whole way", "end to end", ""),
    (r"the article('s)?", "what the case is: an article is not in the repository", ""),
    (r"checks? (must |have |has |had )?(hold|holds|held)|must hold|does it hold", "pass: success checks pass", ""),
    (r"would (not )?take|at most \S+ are taken", "accept, the maximum is", ""),
    (r"the most that may", "the highest allowed", ""),
    (r"(is|are) well", "is healthy", r"(is|are) well[- ](known|formed)"),
    (r"(differs?|differ) by a slip( of the finger)?", "is a typo of", ""),
    (r"an object that is none|(value|name|word) that is none", "what is wrong with it", ""),
    (r"\w*(colour|honour|behaviour|favour|neighbour)\w*|dialogues?|whilst|artefacts?", "the American spelling", ""),
    (r"\w*(recogni|seriali|normali|organi|initiali|summari|authori|minimi)s(e|es|ed|er|ing|ation)", "the American spelling", ""),
];

/// Words of others, which are quoted as they are: where, which, and whose.
const QUOTED: &[(&str, &str, &str)] = &[
    ("src/sim/validation.rs", "pod updates may not change fields other than", "the API server"),
    ("src/sim/validation.rs", "may not change once set", "the API server"),
];

/// Documents, besides those below `docs/`. `ARCHITECTURE.md` speaks of code in the words of code.
const DOCUMENTS: &[&str] = &["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/report.schema.json"];

/// A doc comment on a type that derives one of these is text: help of the command line, or a description in a schema.
const TEXT_FROM_DOCS: &[&str] = &["Parser", "Args", "Subcommand", "ValueEnum", "JsonSchema"];

/// What a habit says, where it is good English, and the words to use instead.
type Pattern = (Regex, Option<Regex>, &'static str);

/// Each habit, and all of them at once: most texts have none.
static PATTERNS: LazyLock<(Vec<Pattern>, Regex)> = LazyLock::new(|| {
    let words = |pattern: &str| RegexBuilder::new(&format!(r"\b(?:{pattern})\b")).case_insensitive(true).build().unwrap();
    let any: Vec<&str> = HABITS.iter().map(|(says, ..)| *says).collect();
    let each = HABITS.iter().map(|(says, instead, fine)| (words(says), (!fine.is_empty()).then(|| words(fine)), *instead));
    (each.collect(), words(&any.join("|")))
});

#[test]
fn texts_speak_plain_english() {
    assert_none(all_texts().iter().flat_map(Text::faults).collect());
}

#[test]
fn quotations_are_still_there() {
    let texts = all_texts();
    let gone = QUOTED.iter().filter(|(path, words, _)| !texts.iter().any(|t| t.place.starts_with(path) && t.text.contains(words)));
    assert_none(gone.map(|(path, words, whose)| format!("`{words}` of {whose} is not in {path}")).collect());
}

/// Something that a user reads.
struct Text {
    /// The file, and the line where it is known.
    place: String,
    text: String,
}

impl Text {
    fn faults(&self) -> Vec<String> {
        let mut text = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        for (_, words, _) in QUOTED.iter().filter(|(path, ..)| self.place.starts_with(path)) {
            text = text.replace(words, "…");
        }
        faults_in(&text).into_iter().map(|fault| format!("{}: {fault}", self.place)).collect()
    }
}

/// Each habit in the text, with what stands around it.
fn faults_in(text: &str) -> Vec<String> {
    let (each, any) = &*PATTERNS;
    let mut out = Vec::new();
    if !any.is_match(text) {
        return out;
    }
    for (says, fine, instead) in each {
        let text = fine.as_ref().map_or_else(|| text.to_owned(), |fine| fine.replace_all(text, "…").into_owned());
        for found in says.find_iter(&text) {
            let (before, rest) = text.split_at(found.start());
            let (words, after) = rest.split_at(found.len());
            let from = before.char_indices().rev().nth(40).map_or(0, |(at, _)| at);
            let to = after.char_indices().nth(40).map_or(after.len(), |(at, _)| at);
            out.push(format!("“{words}” in “{}{words}{}”: say {instead}", before.split_at(from).1, after.split_at(to).0));
        }
    }
    out
}

/// Read once for all tests.
fn all_texts() -> &'static [Text] {
    static TEXTS: LazyLock<Vec<Text>> = LazyLock::new(read_all);
    &TEXTS
}

fn read_all() -> Vec<Text> {
    let mut out = Vec::new();
    for source in sources().iter().filter(|s| !s.test) {
        let mut found = Vec::new();
        literals(&source.text.parse::<TokenStream>().unwrap(), &mut found);
        help(&syn::parse_file(&source.text).unwrap().items, &mut found);
        out.extend(found.into_iter().map(|(line, text)| Text { place: format!("{}:{line}", source.path), text }));
    }
    for document in DOCUMENTS.iter().map(|document| (*document).to_owned()).chain(files_under("docs", "md")) {
        out.extend(sentences(&document, &read(&document)));
    }
    out
}

/// A document line by line: it has one sentence on each. What stands in backticks is code.
fn sentences(document: &str, text: &str) -> Vec<Text> {
    let lines =
        text.lines().enumerate().map(|(at, line)| Text {
            place: format!("{document}:{}", at + 1),
            text: line.split('`').step_by(2).collect::<Vec<_>>().join("…"),
        });
    lines.collect()
}

/// Every string that is not compiled for tests only. Comments and the reasons of lint exceptions are for those who read code.
fn literals(stream: &TokenStream, out: &mut Vec<(usize, String)>) {
    let mut tokens = without_tests(stream.clone()).into_iter().peekable();
    while let Some(token) = tokens.next() {
        match &token {
            TokenTree::Punct(p) if p.as_char() == '#' => {
                if matches!(tokens.peek(), Some(TokenTree::Punct(p)) if p.as_char() == '!') {
                    tokens.next();
                }
                if matches!(tokens.peek(), Some(TokenTree::Group(g)) if is_for_readers_of_code(&g.stream())) {
                    tokens.next();
                }
            }
            TokenTree::Group(g) => literals(&g.stream(), out),
            TokenTree::Literal(literal) => {
                if let Ok(syn::Lit::Str(text)) = syn::parse_str(&literal.to_string()) {
                    out.push((literal.span().start().line, text.value()));
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

fn is_for_readers_of_code(attribute: &TokenStream) -> bool {
    attribute.clone().into_iter().next().is_some_and(|first| ["doc", "expect", "serde"].contains(&first.to_string().as_str()))
}

/// The doc comments that become help or a schema's descriptions.
fn help(items: &[syn::Item], out: &mut Vec<(usize, String)>) {
    for item in items {
        let (attributes, parts): (&[syn::Attribute], Vec<&[syn::Attribute]>) = match item {
            syn::Item::Struct(s) => (&s.attrs, s.fields.iter().map(|f| f.attrs.as_slice()).collect()),
            syn::Item::Enum(e) => (&e.attrs, e.variants.iter().map(|v| v.attrs.as_slice()).collect()),
            _ => continue,
        };
        let derives = attributes.iter().filter(|a| a.path().is_ident("derive")).map(|a| quote(&a.meta)).collect::<String>();
        if TEXT_FROM_DOCS.iter().any(|name| derives.contains(name)) {
            out.extend(parts.into_iter().chain([attributes]).filter_map(doc));
        }
    }
}

/// What a derive lists, as text.
fn quote(meta: &syn::Meta) -> String {
    meta.require_list().map(|list| list.tokens.to_string()).unwrap_or_default()
}

/// The lines of a doc comment as one text, with the first one's number.
fn doc(attributes: &[syn::Attribute]) -> Option<(usize, String)> {
    let lines = attributes.iter().filter_map(|attribute| {
        let syn::Meta::NameValue(pair) = &attribute.meta else { return None };
        let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &pair.value else { return None };
        pair.path.is_ident("doc").then(|| (text.span().start().line, text.value()))
    });
    lines.reduce(|(line, all), (_, more)| (line, format!("{all} {more}")))
}

// ---------------------------------------------------------------- the reader itself

#[test]
fn a_habit_is_found_as_whole_words_in_any_case() {
    let found = |text: &str| faults_in(text).len();
    assert_eq!(found("Dead sessions are told by process id"), 1);
    assert_eq!(found("`urgent` IS NO risk"), 1);
    assert_eq!(found("there is no session; it is no longer found"), 0);
    assert_eq!(found("recommend; kubemend; amends"), 0);
    assert_eq!(found("whether it helps, a no-op of a node no longer there"), 0);
    assert_eq!(found("a clear yes; Say no to it; the change is taken back"), 3);
    assert!(faults_in("the claim that nobody made")[0].ends_with("“the claim that nobody made”: say create, provision, build"));
}

#[test]
fn a_text_is_found_wherever_it_stands_and_a_comment_is_not() {
    let code = "/// a comment\n#[error(\"in an attribute\")] enum E { A } #[expect(lint, reason = \"a reason\")] \
                fn f() { format!(\"in a \\\n   macro\"); g([\"in a list\", r\"raw\"]); b\"bytes\"; } #[cfg(test)] mod tests { const T: &str = \"test\"; }";
    let mut found = Vec::new();
    literals(&code.parse().unwrap(), &mut found);
    let texts: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["in an attribute", "in a macro", "in a list", "raw"]);
}

#[test]
fn help_is_the_doc_comment_of_what_clap_and_schemas_read() {
    let code = "/// For people\n#[derive(Debug, Args)] struct A { /// One\n /// text\n x: u8 } /// A comment\n #[derive(Debug)] struct B { /// Another\n y: u8 }";
    let mut found = Vec::new();
    help(&syn::parse_file(code).unwrap().items, &mut found);
    assert_eq!(found, [(2, " One  text".to_owned()), (1, " For people".to_owned())]);
}
