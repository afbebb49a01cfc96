//! On the embedded cluster: every case in milliseconds, the faults that a real one won't make, and the library as it is used.

mod admission;
mod approval;
mod cases;
mod clusters;
mod faults;
mod journal;
mod library;
mod rest;
mod settled;
mod stories;
mod undo;
mod variants;
mod verdicts;
mod words;
