//! A chart of how often a latency was measured.

use std::fmt::Write;

use hdrhistogram::Histogram;

use super::frame::{Frame, write_line, write_words};
use super::scale::Scale;
use crate::report::number::{count, figure, percent};
use crate::report::quantiles::Quantiles;

/// Ten steps from a power of ten to the next, in figures that people know (Renard's series R10, ISO 3).
const STEPS: [f64; 10] = [1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0];

/// Room for the words of a mark.
const MARK_HEIGHT: f64 = 14.0;
const MARK_WIDTH: f64 = 92.0;

/// From a microsecond to beyond ten minutes.
const POWERS: i32 = 9;

/// Latencies from one step to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bin {
    pub(super) from_ms: f64,
    pub(super) to_ms: f64,
    pub(super) count: u64,
}

/// From the first that has any to the last.
pub(super) fn bins(latencies_us: &Histogram<u64>) -> Vec<Bin> {
    let edges = edges_ms();
    let mut counts = vec![0; edges.len()];
    for step in latencies_us.iter_recorded() {
        let ms = step.value_iterated_to() as f64 / 1_000.0;
        let above = edges.partition_point(|edge| *edge <= ms);
        counts[above.saturating_sub(1)] += step.count_since_last_iteration();
    }
    let bins = edges.windows(2).zip(&counts).map(|(edge, count)| Bin {
        from_ms: edge[0],
        to_ms: edge[1],
        count: *count,
    });
    let mut bins: Vec<Bin> = bins.skip_while(|bin| bin.count == 0).collect();
    while bins.last().is_some_and(|bin| bin.count == 0) {
        bins.pop();
    }
    bins
}

fn edges_ms() -> Vec<f64> {
    let powers = (0..POWERS).map(|power| 10_f64.powi(power) / 1_000.0);
    let edges = powers.flat_map(|power| STEPS.map(|step| step * power));
    edges.collect()
}

/// Bars, and where the quantiles are; nothing of nothing.
pub(super) fn draw(id: &str, title: &str, latencies_us: &Histogram<u64>) -> Option<String> {
    let bins = bins(latencies_us);
    let (first, last) = (bins.first()?, bins.last()?);
    let quantiles = Quantiles::of(latencies_us)?;
    let frame = Frame::of_bars();
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(0);
    let heights = Scale::linear(most as f64, 1.0);
    let widths = Scale::log(first.from_ms, last.to_ms);
    let mut svg = frame.open(id);
    frame.grid(&mut svg, &heights);
    frame.value_axis(&mut svg, &widths);
    for bin in &bins {
        bar(
            &mut svg,
            &frame,
            (&widths, &heights),
            bin,
            latencies_us.len(),
        );
    }
    mark(&mut svg, &frame, &widths, 2.0, ("p99", quantiles.p99));
    mark(&mut svg, &frame, &widths, 1.0, ("p50", quantiles.p50));
    let words = words(&quantiles, latencies_us.len());
    Some(format!(
        "<figure class=\"narrow\" id=\"{id}\">\n<figcaption><h3 id=\"{id}-title\">{title}</h3> \
         <span class=\"unit\">how many took so many milliseconds</span>\
         <span class=\"heard\" id=\"{id}-words\">{words}</span></figcaption>\n{svg}</svg>\n</figure>\n"
    ))
}

fn bar(svg: &mut String, frame: &Frame, scales: (&Scale, &Scale), bin: &Bin, all: u64) {
    let (widths, heights) = scales;
    let x = frame.x(widths.share(bin.from_ms));
    // A hair of the ground keeps bars apart.
    let width = (frame.x(widths.share(bin.to_ms)) - x - 1.0).max(0.5);
    let y = frame.y(heights.share(bin.count as f64));
    let height = frame.bottom() - y;
    let (from, to) = (figure(bin.from_ms), figure(bin.to_ms));
    let (share, count) = (percent(bin.count, all), count(bin.count));
    let _ = writeln!(
        svg,
        "<g class=\"bar\"><title>{from} to {to} ms\n{count}, {share}</title>\
         <rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/></g>"
    );
}

/// A line down from its words, which stand so many lines of words above the bars.
fn mark(svg: &mut String, frame: &Frame, widths: &Scale, lines: f64, (name, ms): (&str, f64)) {
    let x = frame.x(widths.share(ms));
    let y = frame.top() - lines * MARK_HEIGHT;
    write_line(svg, "mark", (x, y + 4.0), (x, frame.bottom()));
    let middle = x.clamp(MARK_WIDTH / 2.0, frame.width - MARK_WIDTH / 2.0);
    let words = format!("{name} {} ms", figure(ms));
    write_words(svg, "middle", (middle, y), &words);
}

fn words(quantiles: &Quantiles, all: u64) -> String {
    let [p50, p90, p99, p999, max] = quantiles.all().map(figure);
    let all = count(all);
    format!(
        "{all} in all. Half within {p50} ms, 90 % within {p90} ms, 99 % within {p99} ms, 99.9 % within {p999} ms, all within {max} ms."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(latencies_us: &[u64]) -> Histogram<u64> {
        let mut histogram = Histogram::new_with_bounds(1, 600_000_000, 3).unwrap();
        for latency_us in latencies_us {
            histogram.saturating_record(*latency_us);
        }
        histogram
    }

    #[test]
    fn every_latency_is_in_the_bin_around_it() {
        let bins = bins(&given(&[1_100, 1_200, 1_300, 2_300]));
        let told: Vec<(f64, f64, u64)> = bins
            .iter()
            .map(|bin| (bin.from_ms, bin.to_ms, bin.count))
            .collect();
        let expected = [(1.0, 1.25, 2), (1.25, 1.6, 1), (1.6, 2.0, 0), (2.0, 2.5, 1)];
        assert_eq!(told, expected);
    }

    #[test]
    fn the_shortest_and_the_longest_are_counted() {
        let latencies_us = given(&[0, 1, 600_000_000, u64::MAX]);
        let counted: u64 = bins(&latencies_us).iter().map(|bin| bin.count).sum();
        assert_eq!(counted, 4);
    }

    #[test]
    fn nothing_measured_is_no_chart() {
        assert_eq!(draw("http", "Answers", &given(&[])), None);
    }

    #[test]
    fn a_chart_has_a_bar_for_each_bin_and_names_the_quantiles() {
        let svg = draw("http", "Answers", &given(&[1_100, 1_300, 1_300, 2_300])).unwrap();
        assert_eq!(svg.matches("<rect").count(), 4);
        assert!(svg.contains(">p50 1.30 ms<"), "{svg}");
        assert!(svg.contains("1.25 to 1.60 ms\n2, 50.0 %"), "{svg}");
    }
}
