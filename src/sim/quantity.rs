//! Quantities of CPU, memory and storage.

use serde_json::Value;

/// A quantity as a number: `250m`, `64Mi`, `2`.
pub(super) fn quantity(value: &Value) -> f64 {
    const UNITS: [(&str, f64); 11] = [
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
    ];
    let Some(text) = value.as_str() else {
        return value.as_f64().unwrap_or(0.0);
    };
    UNITS
        .iter()
        .find_map(|(unit, factor)| {
            let number: f64 = text.strip_suffix(unit)?.parse().ok()?;
            Some(number * factor)
        })
        .or_else(|| text.parse().ok())
        .unwrap_or(0.0)
}
