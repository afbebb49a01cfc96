//! `recording` of `kubemend::foreign`, with any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kubemend::foreign::parse("recording", bytes));
