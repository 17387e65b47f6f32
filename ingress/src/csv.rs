//! CSV (RFC 4180) that spreadsheets may open without running anything in it.

/// Ends a line.
const LINE_END: &str = "\r\n";

/// A field that begins so is a formula to a spreadsheet (OWASP, CSV injection).
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Adds one line of fields.
pub(crate) fn line<'a>(to: &mut String, fields: impl IntoIterator<Item = &'a str>) {
    for (index, field) in fields.into_iter().enumerate() {
        if index > 0 {
            to.push(',');
        }
        push_field(to, field);
    }
    to.push_str(LINE_END);
}

fn push_field(to: &mut String, field: &str) {
    let is_formula = field.starts_with(FORMULA_STARTS);
    if !is_formula && !field.contains([',', '"', '\r', '\n']) {
        return to.push_str(field);
    }
    to.push('"');
    if is_formula {
        to.push('\'');
    }
    to.push_str(&field.replace('"', "\"\""));
    to.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be_and_formulas_are_text() {
        let mut text = String::new();
        line(&mut text, ["plain", "", "a,b", "say \"hi\"", "two\nlines"]);
        line(&mut text, ["=1+1", "-1", "@SUM(A1)", "\tx", "a=b"]);
        assert_eq!(
            text,
            "plain,,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\r\n\
             \"'=1+1\",\"'-1\",\"'@SUM(A1)\",\"'\tx\",a=b\r\n"
        );
    }
}
