//! The `kubemend` program: a thin shell around the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    // TLS needs one provider for the whole process; only a program may choose it.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        return ExitCode::FAILURE;
    }
    ExitCode::from(kubemend::app::run(std::env::args_os()))
}
