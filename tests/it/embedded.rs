//! On the embedded cluster: every case in milliseconds, the faults that a real one won't make, and the library as it is used.

mod approval;
mod cases;
mod faults;
mod library;
mod rest;
mod settled;
mod variants;
mod verdicts;
