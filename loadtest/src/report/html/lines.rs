//! A chart of lines over time.

use std::fmt::Write;
use std::time::Duration;

use super::frame::{Frame, write_line, write_words};
use super::scale::Scale;
use super::text::Text;
use crate::report::number::{count, figure, span};

/// Places over which a pointer is told the figures: a finer comb could not be hit.
const READINGS_MAX: usize = 120;

/// Between the names of two lines.
const NAME_HEIGHT: f64 = 16.0;

/// Characters of a line's name that there is room for.
const NAME_MAX: usize = 12;

/// Lines over the same time.
pub(super) struct Chart {
    /// Of the page's element.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// What the figures are, in a few words.
    pub(super) unit: String,
    pub(super) is_wide: bool,
    pub(super) figures: Figures,
    pub(super) scale: Scale,
    /// How long a slice is.
    pub(super) slice: Duration,
    pub(super) lines: Vec<Line>,
    /// Something that should not be passed.
    pub(super) limit: Option<u64>,
}

/// What a figure stands for.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Figures {
    /// The whole of its slice: drawn as a step.
    OfSlices,
    /// The end of its slice.
    OfMoments,
}

/// A figure for each slice, where there is one.
pub(super) struct Line {
    pub(super) name: String,
    /// Of the style sheet.
    pub(super) class: &'static str,
    /// Whether what is under it has its colour.
    pub(super) is_filled: bool,
    pub(super) points: Vec<Option<f64>>,
}

impl Line {
    fn most(&self) -> Option<(usize, f64)> {
        let known = self.points.iter().enumerate();
        let known = known.filter_map(|(index, value)| Some((index, (*value)?)));
        known.reduce(|most, next| if next.1 > most.1 { next } else { most })
    }

    fn last(&self) -> Option<f64> {
        self.points.iter().rev().find_map(|value| *value)
    }

    fn short_name(&self) -> String {
        self.name.chars().take(NAME_MAX).collect()
    }
}

impl Chart {
    /// As an element of the page.
    pub(super) fn draw(&self) -> String {
        let Self {
            id, title, unit, ..
        } = self;
        let class = if self.is_wide { "wide" } else { "narrow" };
        let log = if self.scale.is_log {
            ", logarithmic"
        } else {
            ""
        };
        let (unit, words) = (Text(unit), self.words());
        let svg = self.svg();
        format!(
            "<figure class=\"{class}\" id=\"{id}\">\n<figcaption><h3 id=\"{id}-title\">{title}</h3> \
             <span class=\"unit\">{unit}{log}</span><span class=\"heard\" id=\"{id}-words\">{words}</span></figcaption>\n\
             {svg}</figure>\n"
        )
    }

    /// For those who do not see it.
    fn words(&self) -> String {
        let most = self.lines.iter().filter_map(|line| {
            let (index, most) = line.most()?;
            let (name, at) = (Text(&line.name), span(self.slice * index as u32));
            Some(format!("{name}: at most {}, at {at}.", figure(most)))
        });
        most.collect::<Vec<_>>().join(" ")
    }

    fn svg(&self) -> String {
        let frame = self.frame();
        let mut svg = frame.open(self.id);
        frame.grid(&mut svg, &self.scale);
        frame.time_axis(&mut svg, self.slice * self.slices() as u32);
        for line in &self.lines {
            self.line(&mut svg, &frame, line);
        }
        self.limit(&mut svg, &frame);
        if self.has_names() {
            self.names(&mut svg, &frame);
        }
        self.readings(&mut svg, &frame);
        svg.push_str("</svg>\n");
        svg
    }

    fn frame(&self) -> Frame {
        Frame::of_lines(self.is_wide, self.has_names())
    }

    /// A line alone is named by the title.
    fn has_names(&self) -> bool {
        self.lines.len() > 1
    }

    fn slices(&self) -> usize {
        let lengths = self.lines.iter().map(|line| line.points.len());
        lengths.max().unwrap_or(0).max(1)
    }

    /// Where a slice begins.
    fn x(&self, frame: &Frame, index: usize) -> f64 {
        frame.x(index as f64 / self.slices() as f64)
    }

    fn limit(&self, svg: &mut String, frame: &Frame) {
        let Some(limit) = self.limit else { return };
        let y = frame.y(self.scale.share(limit as f64));
        write_line(svg, "limit", (frame.x(0.0), y), (frame.x(1.0), y));
        let words = format!("limit {}", count(limit));
        write_words(svg, "end", (frame.x(1.0), y - 5.0), &words);
    }

    fn line(&self, svg: &mut String, frame: &Frame, line: &Line) {
        let class = line.class;
        for piece in pieces(&line.points) {
            let corners = self.corners(frame, &piece);
            let ((first, _), (last, _)) = (corners[0], corners[corners.len() - 1]);
            let corners = corners.iter().map(|(x, y)| format!("{x:.1} {y:.1}"));
            let path = corners.collect::<Vec<_>>().join("L");
            if line.is_filled {
                let ground = frame.bottom();
                let _ = writeln!(
                    svg,
                    "<path class=\"area {class}\" d=\"M{path}L{last:.1} {ground:.1}H{first:.1}Z\"/>"
                );
            }
            let _ = writeln!(svg, "<path class=\"line {class}\" d=\"M{path}\"/>");
        }
    }

    /// At least two: round ends make a dot of a path that goes nowhere.
    fn corners(&self, frame: &Frame, piece: &[(usize, f64)]) -> Vec<(f64, f64)> {
        let corners = piece.iter().flat_map(|(index, value)| {
            let y = frame.y(self.scale.share(*value));
            let end = (self.x(frame, index + 1), y);
            match self.figures {
                Figures::OfSlices => [(self.x(frame, *index), y), end],
                Figures::OfMoments => [end, end],
            }
        });
        let mut corners: Vec<(f64, f64)> = corners.collect();
        if piece.len() > 1 {
            corners.dedup();
        }
        corners
    }

    /// Where each line ends; moved apart, and each with a piece of its line.
    fn names(&self, svg: &mut String, frame: &Frame) {
        let height = |line: &Line| Some(frame.y(self.scale.share(line.last()?)));
        let known = self
            .lines
            .iter()
            .filter_map(|line| Some((line, height(line)?)));
        let mut names: Vec<(&Line, f64)> = known.collect();
        names.sort_by(|one, other| one.1.total_cmp(&other.1));
        let heights: Vec<f64> = names.iter().map(|(_, y)| *y).collect();
        let x = frame.x(1.0) + 8.0;
        for ((line, _), y) in names.iter().zip(apart(&heights, frame.bottom())) {
            let class = line.class;
            let _ = writeln!(
                svg,
                "<path class=\"line {class}\" d=\"M{x:.1} {y:.1}h14\"/>"
            );
            let name = Text(line.short_name()).to_string();
            write_words(svg, "start", (x + 20.0, y + 4.0), &name);
        }
    }

    /// What a pointer is told, a slice each, or every few of them.
    fn readings(&self, svg: &mut String, frame: &Frame) {
        let slices = self.slices();
        let step = slices.div_ceil(READINGS_MAX);
        for first in (0..slices).step_by(step) {
            let end = (first + step).min(slices);
            let index = usize::midpoint(first, end - 1);
            let (x, top) = (self.x(frame, first), frame.top());
            let (width, height) = (self.x(frame, end) - x, frame.bottom() - top);
            let reading = self.reading(index);
            let _ = writeln!(
                svg,
                "<g class=\"reading\"><title>{reading}</title>\
                 <rect x=\"{x:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
            );
            let middle = x + width / 2.0;
            write_line(svg, "hair", (middle, top), (middle, frame.bottom()));
            svg.push_str("</g>\n");
        }
    }

    fn reading(&self, index: usize) -> String {
        let mut reading = format!("at {}", span(self.slice * index as u32));
        for line in &self.lines {
            if let Some(value) = line.points.get(index).copied().flatten() {
                let _ = write!(reading, "\n{}: {}", Text(&line.name), figure(value));
            }
        }
        reading
    }
}

/// Points in a row, without those that are not known between them.
fn pieces(points: &[Option<f64>]) -> Vec<Vec<(usize, f64)>> {
    let mut pieces = vec![Vec::new()];
    for (index, value) in points.iter().enumerate() {
        match (value, pieces.last_mut()) {
            (Some(value), Some(piece)) => piece.push((index, *value)),
            _ => pieces.push(Vec::new()),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// Heights from above to below, no two closer than a name is high.
fn apart(heights: &[f64], bottom: f64) -> Vec<f64> {
    let mut moved = heights.to_vec();
    for index in 1..moved.len() {
        moved[index] = moved[index].max(moved[index - 1] + NAME_HEIGHT);
    }
    let mut most = bottom;
    for y in moved.iter_mut().rev() {
        *y = y.min(most);
        most = *y - NAME_HEIGHT;
    }
    moved
}

#[cfg(test)]
mod tests;
