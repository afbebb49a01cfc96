//! Doors to a plan that waits: through which a question goes out to somebody.

/// Where somebody is asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Door {
    /// A terminal with a person at it.
    Terminal,
    /// A command that was run without a person at a terminal.
    CommandLine,
    /// The dialog of an MCP client, by the name that the client gives itself.
    Client(String),
    /// A program that embeds the library.
    #[default]
    Library,
}
