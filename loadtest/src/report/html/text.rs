//! Words in a page.

use std::fmt::{self, Write};

/// Shown with nothing in it that a browser would take for markup.
pub(super) struct Text<T>(pub(super) T);

impl<T: fmt::Display> fmt::Display for Text<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|one| match one {
            '&' => self.0.write_str("&amp;"),
            '<' => self.0.write_str("&lt;"),
            '>' => self.0.write_str("&gt;"),
            '"' => self.0.write_str("&quot;"),
            '\'' => self.0.write_str("&#39;"),
            other => self.0.write_char(other),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_only_words() {
        let told = Text("<b title='x' lang=\"y\">R&D</b>").to_string();
        let expected = "&lt;b title=&#39;x&#39; lang=&quot;y&quot;&gt;R&amp;D&lt;/b&gt;";
        assert_eq!(told, expected);
    }
}
