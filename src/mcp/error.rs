//! Failures on the wire: a tool's failure as a text that says everything, since clients show a model nothing else of an error.
//! The only place that knows which failures are the tool's and which are the protocol's.

use crate::call::{CallError, ErrorKind, Program};
use crate::domain::visible::escaped;
use rmcp::ErrorData;
use rmcp::model::{CallToolResult, ContentBlock, ErrorCode, PaginatedRequestParams};

/// In-band whatever its kind, because a model can then correct itself.
pub(crate) fn failure(error: &CallError, program: &Program) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(program.in_words(&error.text()))])
}

/// One text for a request state that is forged, altered, used, too old or another call's: which of them it was helps nobody honest.
pub(crate) fn stale_answer() -> CallError {
    CallError::new(
        ErrorKind::Conflict,
        "this approval cannot be used: it was used before, has expired, or does not belong to this call; this call changed nothing",
    )
    .hint("call remediate again with `issue`, to see the current plan and be asked again")
}

/// Of a name that nothing has so much is repeated.
const QUOTED: usize = 100;

/// A client's name for something that does not exist: it may only look like one of something that does.
pub(crate) fn quoted(name: &str) -> String {
    escaped(&name.chars().take(QUOTED).collect::<String>())
}

/// A tool that does not exist is the protocol's error.
pub(crate) fn unknown_tool(name: &str) -> ErrorData {
    let name = quoted(name);
    ErrorData::invalid_params(format!("there is no tool `{name}`; the tools are `analyze`, `remediate` and `validate`"), None)
}

/// Every list is one page, so no cursor was given out.
pub(crate) fn first_page(request: Option<&PaginatedRequestParams>) -> Result<(), ErrorData> {
    match request.and_then(|request| request.cursor.as_deref()) {
        Some(cursor) => Err(ErrorData::invalid_params(format!("there is no page `{}`: every list is one page", quoted(cursor)), None)),
        None => Ok(()),
    }
}

/// Methods that exist, and for which a request arrives here only when its `params` are not those of the method.
const METHODS: &[(&str, &str)] = &[
    ("tools/call", "`name` (a string) and `arguments` (an object)"),
    ("resources/read", "`uri` (a string)"),
    ("prompts/get", "`name` (a string) and `arguments` (an object)"),
    ("initialize", "`protocolVersion`, `capabilities` and `clientInfo`"),
];

/// A request that is none of the protocol's, or one of them with `params` that cannot be read.
pub(crate) fn unknown_method(method: &str) -> ErrorData {
    match METHODS.iter().find(|(name, _)| *name == method) {
        Some((name, params)) => ErrorData::invalid_params(format!("invalid `params` of {name}: it needs {params}"), None),
        None => {
            let method = quoted(method);
            ErrorData::new(ErrorCode::METHOD_NOT_FOUND, format!("there is no method `{method}`"), None)
        }
    }
}

/// A resource that does not exist is the protocol's error.
pub(crate) fn unknown_resource(uri: &str) -> ErrorData {
    let uri = quoted(uri);
    ErrorData::resource_not_found(format!("there is no resource `{uri}`"), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_in_band_and_says_its_hints() {
        let result = failure(&CallError::new(ErrorKind::Unavailable, "cannot reach it").hint("check the VPN"), &Program::default());
        assert_eq!(result.is_error, Some(true));
        assert_eq!(result.content[0].as_text().unwrap().text, "cannot reach it\n- check the VPN");
    }
}
