//! Every answer other than 2xx, a row each.

use std::io::{self, Write};

use super::number::count;
use crate::run::{REFUSALS_KEPT_MAX, Refusal, Refusals};

const HEADER: &str = "at_ms,shopper,sale,try,status,problem,retry_after_ms,http_ms";

/// Writes the header and all rows; says in a last row, where the problem stands, how many were not kept.
pub(crate) fn write(refusals: &Refusals, mut to: impl Write) -> io::Result<()> {
    writeln!(to, "{HEADER}")?;
    for refusal in &refusals.kept {
        row(refusal, &mut to)?;
    }
    if refusals.dropped > 0 {
        writeln!(to, ",,,,,{},,", field(&missing(refusals)))?;
    }
    to.flush()
}

fn missing(refusals: &Refusals) -> String {
    let (dropped, kept) = (count(refusals.dropped), count(REFUSALS_KEPT_MAX as u64));
    format!("{dropped} more are missing here: a run keeps {kept}")
}

fn row(refusal: &Refusal, mut to: impl Write) -> io::Result<()> {
    let at_ms = refusal.at.as_millis();
    let problem = field(&refusal.problem);
    let retry_after_ms = refusal
        .retry_after_ms
        .map_or(String::new(), |ms| ms.to_string());
    let http_ms = refusal.http_us as f64 / 1_000.0;
    let Refusal {
        shopper,
        sale,
        tries,
        status,
        ..
    } = refusal;
    writeln!(
        to,
        "{at_ms},{shopper},{sale},{tries},{status},{problem},{retry_after_ms},{http_ms:.3}"
    )
}

/// What came from outside, as a field that no spreadsheet takes for a formula.
fn field(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guard = if is_formula { "'" } else { "" };
    let guarded = format!("{guard}{text}");
    if guarded.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::report::synthetic::refusal;

    fn written(refusals: &Refusals) -> Vec<String> {
        let mut bytes = Vec::new();
        write(refusals, &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn each_refusal_is_a_row() {
        let mut first = refusal(Duration::from_micros(12_345_678), 7, 503, 4_321);
        first.tries = 2;
        let mut second = refusal(Duration::from_secs(13), 8, 502, 90);
        (second.sale, second.retry_after_ms) = (3, None);
        second.problem.clear();
        let refusals = Refusals {
            kept: vec![first, second],
            dropped: 0,
        };
        assert_eq!(
            written(&refusals),
            [
                HEADER,
                "12345,7,0,2,503,busy,5200,4.321",
                "13000,8,3,1,502,,,0.090",
            ]
        );
    }

    #[test]
    fn words_from_outside_are_neither_columns_nor_formulas() {
        let fields = [
            "sold-out", "a,b", "a\"b", "=1+1", "+1", "-1", "@x", "\tx", "-a,b",
        ]
        .map(field);
        let expected = [
            "sold-out",
            "\"a,b\"",
            "\"a\"\"b\"",
            "'=1+1",
            "'+1",
            "'-1",
            "'@x",
            "'\tx",
            "\"'-a,b\"",
        ];
        assert_eq!(fields, expected);
    }

    #[test]
    fn rows_that_were_not_kept_are_told_in_a_row_of_as_many_fields() {
        let refusals = Refusals {
            kept: Vec::new(),
            dropped: 1_234,
        };
        let last = ",,,,,\"1,234 more are missing here: a run keeps 1,000,000\",,";
        assert_eq!(written(&refusals), [HEADER, last]);
    }
}
