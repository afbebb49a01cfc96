//! On the embedded cluster: every case in milliseconds, the faults that a real one won't make, and the library as it is used.

mod approval;
mod cases;
mod faults;
mod library;
mod rest;
mod variants;
mod verdicts;
mod words;
