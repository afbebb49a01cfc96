//! Services that lead nowhere.
