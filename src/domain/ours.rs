//! Commands of this program for a human: made and known again here alone. Each surface words them so that they work where they are read.

use super::id::SessionId;
use super::object::ObjectName;
use std::fmt;

/// The program's name in our own texts.
pub const NAME: &str = "kubemend";

/// A command that a human types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OurCommand {
    /// Shows the plan that waits, and asks.
    Approve(SessionId),
    /// Ends a session that waits.
    Decline(SessionId),
    /// Plans what takes back a session's changes, and asks.
    Undo(SessionId),
    /// All that is known of a session.
    Show(SessionId),
    /// Whether a session's checks hold now.
    Validate(SessionId),
    /// Looks again for what a session was opened for, and asks.
    LookAgain(SessionId),
    /// Finds the cause of what is wrong with an object, and asks about the fix.
    Remediate {
        /// Which object.
        object: ObjectName,
        /// Where it is, unless it is in no namespace.
        namespace: Option<String>,
    },
    /// The roles of an identity, bound in a namespace.
    Roles {
        /// Where.
        namespace: String,
        /// Which of the roles.
        role: Role,
    },
    /// The roles, bound to nobody.
    Rbac,
    /// The sessions that changed last.
    Sessions,
    /// What is configured, reachable and allowed.
    Doctor,
    /// The demonstration.
    Demo,
}

/// What stands before a session's id, and the command about the session.
type OfASession = (&'static str, fn(SessionId) -> OurCommand);

/// The commands about a session.
const OF_A_SESSION: [OfASession; 6] = [
    ("approve", OurCommand::Approve),
    ("decline", OurCommand::Decline),
    ("undo", OurCommand::Undo),
    ("show", OurCommand::Show),
    ("validate --session", OurCommand::Validate),
    ("remediate --session", OurCommand::LookAgain),
];
/// A role that is bound by a flag of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Of the reader.
    Reader,
    /// Of the writer.
    Writer,
    /// Of the reader, for what containers write.
    Logs,
    /// Of the writer, for what somebody proposes and no rule does.
    Proposals,
}

impl Role {
    const ALL: [Self; 4] = [Role::Reader, Role::Writer, Role::Logs, Role::Proposals];

    /// The flag that binds it, without its dashes.
    pub fn flag(self) -> &'static str {
        match self {
            Role::Reader => "reader",
            Role::Writer => "writer",
            Role::Logs => "logs",
            Role::Proposals => "proposals",
        }
    }

    /// Which of the two identities has it.
    pub fn identity(self) -> &'static str {
        match self {
            Role::Reader | Role::Logs => "reader",
            Role::Writer | Role::Proposals => "writer",
        }
    }
}

/// Stands for the name of whoever an identity is.
const USER: &str = "USER";

impl OurCommand {
    /// What stands behind the program's name.
    pub fn arguments(&self) -> String {
        let place = |namespace: &Option<String>| namespace.as_ref().map(|namespace| format!(" -n {namespace}")).unwrap_or_default();
        match self {
            OurCommand::Approve(session) => format!("approve {session}"),
            OurCommand::Decline(session) => format!("decline {session}"),
            OurCommand::Undo(session) => format!("undo {session}"),
            OurCommand::Show(session) => format!("show {session}"),
            OurCommand::Validate(session) => format!("validate --session {session}"),
            OurCommand::LookAgain(session) => format!("remediate --session {session}"),
            OurCommand::Remediate { object, namespace } => {
                format!("remediate {}/{}{}", object.kind.name().to_lowercase(), object.name, place(namespace))
            }
            OurCommand::Roles { namespace, role } => format!("manifests rbac -n {namespace} --{} {USER}", role.flag()),
            OurCommand::Rbac => "manifests rbac".to_owned(),
            OurCommand::Sessions => "sessions".to_owned(),
            OurCommand::Doctor => "doctor".to_owned(),
            OurCommand::Demo => "demo".to_owned(),
        }
    }

    /// The command whose arguments a text begins with, and what comes behind it.
    pub fn begins(text: &str) -> Option<(Self, &str)> {
        let of_none = || {
            let all = [OurCommand::Rbac, OurCommand::Sessions, OurCommand::Doctor, OurCommand::Demo];
            all.into_iter().find(|one| text.starts_with(&one.arguments()))
        };
        let of_one = || Self::of_a_session(text).or_else(|| Self::of_an_object(text)).or_else(|| Self::of_roles(text));
        let known = of_one().or_else(of_none)?;
        let rest = text.strip_prefix(&known.arguments())?;
        let ends = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_' || c == '/');
        ends.then_some((known, rest))
    }

    fn of_a_session(text: &str) -> Option<Self> {
        OF_A_SESSION.into_iter().find_map(|(verb, command)| {
            let id = text.strip_prefix(verb)?.strip_prefix(' ')?;
            Some(command(SessionId::parse(word(id)).ok()?))
        })
    }

    fn of_an_object(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("remediate ")?;
        let object = ObjectName::parse(word(rest)).ok()?;
        let namespace = rest.strip_prefix(word(rest))?.strip_prefix(" -n ").map(|place| word(place).to_owned());
        Some(OurCommand::Remediate { object, namespace })
    }

    fn of_roles(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("manifests rbac -n ")?;
        let namespace = word(rest).to_owned();
        let flag = rest.strip_prefix(&namespace)?.strip_prefix(" --")?;
        let role = Role::ALL.into_iter().find(|role| flag.strip_prefix(role.flag()).is_some_and(|rest| rest.starts_with(" USER")))?;
        Some(OurCommand::Roles { namespace, role })
    }
}

/// Up to what can be no part of a name.
fn word(text: &str) -> &str {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-./".contains(c);
    let end = text.find(|c: char| !is_part(c)).and_then(|at| text.get(..at)).unwrap_or(text);
    end.trim_end_matches('.')
}

/// With the program's name alone: for whoever has it on the path, and nothing configured.
impl fmt::Display for OurCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NAME} {}", self.arguments())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kind::Kind;

    fn all() -> Vec<OurCommand> {
        let id = || SessionId::from_entropy([7; 16]);
        let object = || ObjectName { kind: Kind::Deployment, name: "web.v1-2".to_owned() };
        let of_sessions = OF_A_SESSION.map(|(_, command)| command(id()));
        let others = [
            OurCommand::Remediate { object: object(), namespace: Some("shop".to_owned()) },
            OurCommand::Remediate { object: object(), namespace: None },
            OurCommand::Roles { namespace: "shop".to_owned(), role: Role::Reader },
            OurCommand::Roles { namespace: "shop".to_owned(), role: Role::Writer },
            OurCommand::Roles { namespace: "shop".to_owned(), role: Role::Logs },
            OurCommand::Roles { namespace: "shop".to_owned(), role: Role::Proposals },
            OurCommand::Rbac,
            OurCommand::Sessions,
            OurCommand::Doctor,
            OurCommand::Demo,
        ];
        of_sessions.into_iter().chain(others).collect()
    }

    #[test]
    fn every_command_of_ours_is_known_again_with_whatever_comes_behind_it() {
        for command in all() {
            for behind in ["", ".", "` shows it", " | kubectl apply -f -", "; then", "\nnext", ": it"] {
                let text = format!("{}{behind}", command.arguments());
                assert_eq!(OurCommand::begins(&text), Some((command.clone(), behind)), "{text}");
            }
        }
    }

    #[test]
    fn what_only_begins_like_a_command_of_ours_is_none() {
        for text in
            ["show", "show ID", "shows it", "approve s-beef", "undo s-", "doctors", "remediate it", "sessions-of-yesterday", "demo_x"]
        {
            assert_eq!(OurCommand::begins(text), None, "{text}");
        }
    }
}
