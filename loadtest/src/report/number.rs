//! How figures are written for people.

use std::time::Duration;

/// `1,234,567`.
pub(crate) fn count(count: u64) -> String {
    let digits = count.to_string();
    let head = digits.len() % 3;
    let mut written = digits[..head].to_owned();
    for group in digits.as_bytes()[head..].chunks(3) {
        if !written.is_empty() {
            written.push(',');
        }
        written.extend(group.iter().map(|digit| char::from(*digit)));
    }
    written
}

/// About three digits that matter: `1,234`, `123`, `12.3`, `1.23`, `0.01`, `0`.
pub(crate) fn figure(figure: f64) -> String {
    match figure {
        0.0 => "0".to_owned(),
        // What would be rounded to the next power of ten is written like it.
        large if large >= 99.95 => count(large.round() as u64),
        middle if middle >= 9.995 => format!("{middle:.1}"),
        small => format!("{small:.2}"),
    }
}

/// Beside an axis: without zeros that say nothing.
pub(crate) fn tick(value: f64) -> String {
    let written = figure(value);
    match written.split_once('.') {
        Some(_) => written
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned(),
        None => written,
    }
}

/// `99.1 %`; a dash when there is no whole.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    match whole {
        0 => "–".to_owned(),
        whole => format!("{:.1} %", part as f64 * 100.0 / whole as f64),
    }
}

/// `8.4 s`, `12 s`, `3 min 5 s`, `2 h 15 min`.
pub(crate) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", span.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_thousands() {
        let written = [0, 7, 999, 1_000, 65_536, 100_000, 1_234_567].map(count);
        let expected = ["0", "7", "999", "1,000", "65,536", "100,000", "1,234,567"];
        assert_eq!(written, expected);
    }

    #[test]
    fn figures_have_the_digits_that_matter() {
        let written = [0.0, 0.013, 1.234, 9.996, 12.34, 99.96, 1_234.5].map(figure);
        assert_eq!(
            written,
            ["0", "0.01", "1.23", "10.0", "12.3", "100", "1,235"]
        );
    }

    #[test]
    fn ticks_have_no_idle_zeros() {
        let written = [0.0, 0.2, 2.5, 5.0, 20.0, 100.0, 1_000.0].map(tick);
        assert_eq!(written, ["0", "0.2", "2.5", "5", "20", "100", "1,000"]);
    }

    #[test]
    fn a_share_of_nothing_is_no_figure() {
        assert_eq!(percent(991, 1_000), "99.1 %");
        assert_eq!(percent(0, 0), "–");
    }

    #[test]
    fn spans_are_told_in_the_units_of_their_size() {
        let written = [8_400, 12_900, 185_000, 8_100_000].map(|ms| span(Duration::from_millis(ms)));
        assert_eq!(written, ["8.4 s", "12 s", "3 min 5 s", "2 h 15 min"]);
    }
}
