//! What forms share: amounts, shares, the names of ports, and how long a setting may be.

/// Bytes of a setting, old and new: a person compares them in a dialog.
pub(super) const SETTING: usize = 4 * 1024;

/// Whether it can be the name of a port.
pub(super) fn is_port_name(text: &str) -> bool {
    text.len() <= 15 && !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Of a share, how many percent.
pub(crate) fn percent(text: &str) -> Option<u64> {
    text.strip_suffix('%').filter(|number| number.len() <= 3)?.parse().ok().filter(|percent| *percent <= 100)
}

/// A quantity as a number: `500m`, `1.5Gi`.
pub(crate) fn amount(text: &str) -> Option<f64> {
    let (number, unit) = parted(text);
    let power = match unit {
        "m" => 1e-3,
        "" => 1.0,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        _ => return None,
    };
    let number: f64 = number.parse().ok().filter(|_| text.len() <= 20)?;
    Some(number * power).filter(|amount| amount.is_finite() && *amount > 0.0)
}

/// The number of an amount, and its unit.
pub(super) fn parted(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len()))
}
