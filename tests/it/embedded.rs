//! On the embedded cluster: every case in milliseconds, the faults that a real one won't make, and the library as it is used.

mod admission;
mod answered;
mod approval;
mod beside;
mod cases;
mod clocks;
mod clusters;
mod ended;
mod faults;
mod gone;
mod journal;
mod late;
mod library;
mod looks;
mod others;
mod phrasings;
mod places;
mod rest;
mod settled;
mod slow;
mod stories;
mod undo;
mod variants;
mod verdicts;
mod whole;
mod words;
