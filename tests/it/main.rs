//! End to end: the program over MCP on a real Kubernetes, the library on the embedded one.
//! `tests/run` starts the real cluster and names it in `KUBEMEND_TEST_RUN`; without it the tests below `real` do not run.

mod embedded;
mod real;
mod support;
