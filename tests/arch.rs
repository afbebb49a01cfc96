//! The rules between modules and of documents, one test per rule, each named as the rule. `ARCHITECTURE.md` says why they are.

#[cfg(test)]
mod arch {
    mod circles;
    mod documents;
    mod foreign;
    mod guards;
    mod rules;
    mod source;
    mod words;
}
