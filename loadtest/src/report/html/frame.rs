//! The empty chart: where it is drawn, its lines and its axes. Lengths are in CSS pixels.

use std::fmt::Write;
use std::time::Duration;

use super::scale::{self, Scale};
use crate::report::number::tick;

const HEIGHT: f64 = 236.0;
const NARROW: f64 = 548.0;
const WIDE: f64 = 1_120.0;

/// Room for the figures of the axes, and for the names of lines.
const LEFT: f64 = 58.0;
const RIGHT: f64 = 108.0;
const RIGHT_WITHOUT_NAMES: f64 = 20.0;
const TOP: f64 = 14.0;
/// Two lines of words.
const TOP_WITH_MARKS: f64 = 44.0;
const BOTTOM: f64 = 26.0;

/// An area to draw in.
pub(super) struct Frame {
    pub(super) width: f64,
    right: f64,
    top: f64,
}

impl Frame {
    /// For lines that are named on the right when there are several.
    pub(super) fn of_lines(is_wide: bool, has_names: bool) -> Self {
        Self {
            width: if is_wide { WIDE } else { NARROW },
            right: if has_names {
                RIGHT
            } else {
                RIGHT_WITHOUT_NAMES
            },
            top: TOP,
        }
    }

    /// For bars, with room for two marks above them.
    pub(super) fn of_bars() -> Self {
        Self {
            width: NARROW,
            right: RIGHT_WITHOUT_NAMES,
            top: TOP_WITH_MARKS,
        }
    }

    pub(super) fn x(&self, share: f64) -> f64 {
        LEFT + share * (self.width - LEFT - self.right)
    }

    pub(super) fn y(&self, share: f64) -> f64 {
        self.bottom() - share * (self.bottom() - self.top)
    }

    pub(super) fn bottom(&self) -> f64 {
        HEIGHT - BOTTOM
    }

    pub(super) fn top(&self) -> f64 {
        self.top
    }

    /// Opens the drawing; the caption of the same id names it.
    pub(super) fn open(&self, id: &str) -> String {
        let width = self.width;
        format!(
            "<svg viewBox=\"0 0 {width} {HEIGHT}\" role=\"img\" aria-labelledby=\"{id}-title {id}-words\">\n"
        )
    }

    /// Lines across, with their figures on the left.
    pub(super) fn grid(&self, svg: &mut String, scale: &Scale) {
        let (left, right) = (self.x(0.0), self.x(1.0));
        for value in &scale.ticks {
            let y = self.y(scale.share(*value));
            let class = if y == self.bottom() { "base" } else { "grid" };
            write_line(svg, class, (left, y), (right, y));
            write_words(svg, "end", (left - 8.0, y + 4.0), &tick(*value));
        }
        // A logarithmic axis need not begin at a line.
        write_line(svg, "base", (left, self.bottom()), (right, self.bottom()));
    }

    pub(super) fn time_axis(&self, svg: &mut String, length: Duration) {
        for (at_s, name) in scale::moments(length) {
            let x = self.x(at_s as f64 / length.as_secs_f64());
            self.below(svg, x, &name);
        }
    }

    pub(super) fn value_axis(&self, svg: &mut String, scale: &Scale) {
        for value in &scale.ticks {
            let x = self.x(scale.share(*value));
            self.below(svg, x, &tick(*value));
        }
    }

    fn below(&self, svg: &mut String, x: f64, words: &str) {
        let bottom = self.bottom();
        write_line(svg, "base", (x, bottom), (x, bottom + 4.0));
        write_words(svg, "middle", (x, bottom + 18.0), words);
    }
}

/// Writing to a string does not fail.
pub(super) fn write_line(svg: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let ((x1, y1), (x2, y2)) = (from, to);
    let _ = writeln!(
        svg,
        "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
    );
}

/// Only for words of ours: nothing is escaped here.
pub(super) fn write_words(svg: &mut String, anchor: &str, (x, y): (f64, f64), words: &str) {
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>"
    );
}
