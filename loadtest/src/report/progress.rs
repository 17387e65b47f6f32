//! What goes on while a crowd buys: a few lines drawn anew each second on a terminal, plain lines elsewhere.

mod pace;

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::Result;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::run::Tally;
pub(crate) use pace::Pace;
use pace::Seen;

/// Between two pictures on a terminal.
const REDRAWN_EVERY: Duration = Duration::from_secs(1);

/// Between two lines in a file.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Shows a run on standard error, so that standard output is the table's.
pub(crate) struct Progress {
    scenario: &'static str,
    expected: Duration,
    seen: Seen,
    next: Duration,
    bars: Option<Bars>,
}

/// The lines on a terminal; one that is too narrow cuts them.
struct Bars {
    time: ProgressBar,
    words: Vec<ProgressBar>,
}

impl Progress {
    /// Of a run that should take so long.
    pub(crate) fn begin(scenario: &'static str, expected: Duration) -> Result<Self> {
        let is_terminal = std::io::stderr().is_terminal();
        let bars = is_terminal.then(|| Bars::draw(scenario, expected));
        Ok(Self {
            scenario,
            expected,
            seen: Seen::default(),
            next: Duration::ZERO,
            bars: bars.transpose()?,
        })
    }

    /// Shows what [`Progress::look`] has seen.
    pub(crate) fn show(&self, seen: Option<(Duration, Pace)>) {
        let Some((at, pace)) = seen else { return };
        match &self.bars {
            Some(bars) => bars.redraw(at, &pace),
            None => eprintln!("{}", self.line(at, &pace)),
        }
    }

    /// Takes the picture from the terminal: what is said from now on stands below what was said before.
    pub(crate) fn end(self) {
        for bar in self.bars.iter().flat_map(Bars::all) {
            bar.finish_and_clear();
        }
    }

    /// To be called about once a second with the time since the run's begin: what came since it last was shown; nothing
    /// when it is too early for more.
    pub(crate) fn look(&mut self, at: Duration, tally: &Tally) -> Option<(Duration, Pace)> {
        if at < self.next {
            return None;
        }
        let every = if self.bars.is_some() {
            REDRAWN_EVERY
        } else {
            LINE_EVERY
        };
        self.next = at + every;
        let now = Seen::of(at, tally);
        let pace = Pace::between(&self.seen, &now, tally);
        self.seen = now;
        Some((at, pace?))
    }

    fn line(&self, at: Duration, pace: &Pace) -> String {
        let (at_s, expected_s) = (at.as_secs(), self.expected.as_secs());
        let words = pace.lines().join("; ");
        let far = match at_s <= expected_s {
            true => format!("{at_s} s of {expected_s} s"),
            false => format!("{at_s} s, all have come"),
        };
        format!("{}, {far}: {words}", self.scenario)
    }
}

impl Bars {
    fn draw(scenario: &'static str, expected: Duration) -> Result<Self> {
        let screen = MultiProgress::new();
        let style = ProgressStyle::with_template("  {msg}  {bar:32}  {pos} s of {len} s")?;
        let time = ProgressBar::new(expected.as_secs()).with_style(style);
        let time = screen.add(time.with_message(scenario));
        let style = ProgressStyle::with_template("  {wide_msg}")?;
        let words = [(); Pace::LINES].map(|()| {
            let bar = ProgressBar::new_spinner().with_style(style.clone());
            screen.add(bar)
        });
        Ok(Self {
            time,
            words: words.to_vec(),
        })
    }

    fn redraw(&self, at: Duration, pace: &Pace) {
        self.time.set_position(at.as_secs());
        for (bar, words) in self.words.iter().zip(pace.lines()) {
            bar.set_message(words);
        }
    }

    fn all(&self) -> impl Iterator<Item = &ProgressBar> {
        self.words.iter().chain([&self.time])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::synthetic::given_a_run;

    fn given_no_terminal() -> Progress {
        Progress {
            scenario: "burst",
            expected: Duration::from_secs(30),
            seen: Seen::default(),
            next: Duration::ZERO,
            bars: None,
        }
    }

    #[test]
    fn without_a_terminal_a_line_comes_every_few_seconds() {
        let mut progress = given_no_terminal();
        let tally = given_a_run().tally;
        let shown: Vec<u64> = (1..=12)
            .filter(|second| {
                progress
                    .look(Duration::from_secs(*second), &tally)
                    .is_some()
            })
            .collect();
        assert_eq!(shown, [1, 6, 11]);
    }

    #[test]
    fn a_line_says_how_far_the_run_is() {
        let mut progress = given_no_terminal();
        let tally = given_a_run().tally;
        let at = Duration::from_secs(12);
        let (at, pace) = progress.look(at, &tally).unwrap();
        let line = progress.line(at, &pace);
        assert!(
            line.starts_with("burst, 12 s of 30 s: per second offered "),
            "{line}"
        );
        let late = progress.line(Duration::from_secs(31), &pace);
        assert!(late.starts_with("burst, 31 s, all have come: "), "{late}");
        assert!(!line.contains('\n'), "{line}");
    }

    #[test]
    fn a_terminal_has_a_bar_of_time_and_a_line_for_each_of_words() {
        let bars = Bars::draw("burst", Duration::from_secs(30)).unwrap();
        let at = Duration::from_secs(12);
        let tally = given_a_run().tally;
        let pace = Pace::between(&Seen::default(), &Seen::of(at, &tally), &tally).unwrap();
        bars.redraw(at, &pace);
        assert_eq!(bars.time.position(), 12);
        let words: Vec<String> = bars.words.iter().map(ProgressBar::message).collect();
        assert_eq!(words, pace.lines());
    }
}
