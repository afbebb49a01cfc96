//! End to end: the program over MCP on a real Kubernetes, the library on the embedded one.
//! `tests/run` starts the real cluster and names it in `KUBEMEND_TEST_RUN`; without it the tests below `real` do not run.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::string_slice,
    reason = "tests start programs, read the environment, know the time and cut what they made themselves"
)]

#[cfg(test)]
mod attack;
#[cfg(test)]
mod embedded;
#[cfg(test)]
mod real;
#[cfg(test)]
mod support;
