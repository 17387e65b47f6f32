//! Text that people write: as long as its column, and nothing that Postgres cannot keep.
//!
//! A NUL that got into a command would be in the log for good, and no allocator could commit it.

use std::ops::RangeInclusive;

use crate::problem::Problem;

/// Longest reason an operator may give.
const REASON_CHARS_MAX: usize = 500;

/// Refuses a field with too few or too many characters, or with control characters.
pub(crate) fn check(field: &str, text: &str, chars: RangeInclusive<usize>) -> Result<(), Problem> {
    let is_writable = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    if !text.chars().all(is_writable) {
        return Err(Problem::Invalid(format!("{field} has a control character")));
    }
    if !chars.contains(&text.chars().count()) {
        let (from, to) = chars.into_inner();
        return Err(Problem::Invalid(format!(
            "{field} has {from} to {to} characters"
        )));
    }
    Ok(())
}

/// A reason that the audit trail can keep; need not be given.
pub(crate) fn reason(given: Option<String>) -> Result<Option<String>, Problem> {
    if let Some(reason) = &given {
        check("reason", reason, 0..=REASON_CHARS_MAX)?;
    }
    Ok(given)
}
