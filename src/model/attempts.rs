//! Whether and when the same is sent once more. Of an answer that failed nothing was used, however much of it had come.

use super::failure::Failure;
use super::patience::Patience;
use crate::ports::Entropy;
use http::HeaderMap;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use std::time::Duration;

/// How long a provider asks to wait: in seconds or thousandths, or until a time. What is none of it, or in the past, asks for nothing.
pub(super) fn asked_to_wait(head: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let header = |name: &str| head.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let number = |text: &str| text.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
    if let Some(thousandths) = header("retry-after-ms").and_then(number) {
        return Duration::try_from_secs_f64(thousandths / 1_000.0).ok();
    }
    let after = header("retry-after")?;
    if let Some(seconds) = number(after) {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let at = DateTimeParser::new().parse_timestamp(after).ok()?;
    // The server's own clock is the one that its time is on.
    let theirs = header("date").and_then(|date| DateTimeParser::new().parse_timestamp(date).ok()).unwrap_or(now);
    Duration::try_from(at.duration_since(theirs)).ok()
}

/// The wait before the next attempt; `None` where there is none. `done` attempts failed so far.
pub(super) fn pause(failure: &Failure, done: u32, patience: Patience, entropy: &dyn Entropy) -> Option<Duration> {
    if failure.lasting || done >= patience.attempts {
        return None;
    }
    let doubled = patience.pause.saturating_mul(1 << done.saturating_sub(1).min(10));
    // Up to half as long again, so that many that failed at once do not come back at once.
    let [first, ..] = entropy.id_bits();
    let own = doubled.saturating_add(doubled.mul_f64(f64::from(first) / 512.0)).min(patience.longest_pause);
    match failure.after {
        Some(asked) => (asked <= patience.longest_pause).then_some(asked.max(own)),
        None => Some(own),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemEntropy;
    use crate::ports::ModelFaultKind;

    fn wait(headers: &[(&'static str, &str)]) -> Option<Duration> {
        let head = headers.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect();
        asked_to_wait(&head, "2026-11-23T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn wait_is_read_in_every_form_and_garbage_asks_for_nothing() {
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(wait(&[("retry-after", "7")]), seconds(7));
        assert_eq!(wait(&[("retry-after", "0.5")]), Some(Duration::from_millis(500)));
        assert_eq!(wait(&[("retry-after", "3600")]), seconds(3600));
        assert_eq!(wait(&[("retry-after-ms", "1500"), ("retry-after", "9")]), Some(Duration::from_millis(1500)));
        assert_eq!(wait(&[("retry-after", "Mon, 23 Nov 2026 12:00:09 GMT")]), seconds(9));
        let theirs = ("date", "Mon, 23 Nov 2026 12:00:05 GMT");
        assert_eq!(wait(&[("retry-after", "Mon, 23 Nov 2026 12:00:09 GMT"), theirs]), seconds(4));
        for nothing in ["-1", "soon", "", "NaN", "inf", "Mon, 23 Nov 2020 12:00:09 GMT", "1e400"] {
            assert_eq!(wait(&[("retry-after", nothing)]), None, "{nothing}");
        }
        assert_eq!(wait(&[]), None);
    }

    #[test]
    fn attempts_are_bounded_and_a_wait_that_is_too_long_is_the_answer() {
        let patience = Patience::default();
        let pause = |failure: &Failure, done| pause(failure, done, patience, &SystemEntropy);
        let limited = |seconds| Failure::new(ModelFaultKind::RateLimited(Some(Duration::from_secs(seconds))), "");
        assert_eq!(pause(&limited(7), 1), Some(Duration::from_secs(7)));
        assert_eq!(pause(&limited(31), 1), None);
        for status in [500, 503, 529] {
            let wait = |seconds| pause(&Failure::of_answer(status, Some(Duration::from_secs(seconds)), b""), 1);
            assert_eq!((wait(20), wait(31)), (Some(Duration::from_secs(20)), None), "{status}: whoever asks for a wait gets it");
        }
        let broken = Failure::transport("x");
        let first = pause(&broken, 1).unwrap();
        assert!(first >= patience.pause && first <= patience.pause.mul_f64(1.5), "{first:?}");
        assert!(pause(&broken, 2).unwrap() >= patience.pause * 2);
        assert_eq!(pause(&broken, 3), None);
        assert_eq!(pause(&Failure::protocol("x"), 1), None);
        assert_eq!(pause(&Failure::of_answer(402, None, b""), 1), None, "no credit");
    }
}
