//! What all measurements tell in the same way: what the audit found, and what it comes to.

use std::fmt;

use anyhow::Result;
use devstack::audit::Findings;
use serde_json::{Map, Value, json};

use super::summary::{self, found};
use crate::books::Audited;
use crate::run::Verdict;

/// Figures of which a table and an object of JSON can be made.
pub(crate) trait Measurement: fmt::Display {
    const SCENARIO: &'static str;

    fn judgement(&self) -> Judgement;

    /// By name; names stay.
    fn figures(&self) -> Map<String, Value>;

    /// Figures and judgement for programs: one object, with a line break at its end.
    fn to_json(&self) -> Result<String> {
        let mut told = self.figures();
        told.insert("scenario".to_owned(), Self::SCENARIO.into());
        told.append(&mut self.judgement().to_json()?);
        Ok(format!("{:#}\n", Value::Object(told)))
    }
}

/// What a measurement comes to; ends as text without a line break.
#[derive(Default)]
pub(crate) struct Judgement {
    /// Nothing where nothing is sold.
    audit: Option<Findings>,
    /// Promises that were broken, besides those of the audit, a sentence each.
    broken: Vec<String>,
    /// Why the figures mean nothing, a sentence each.
    invalid: Vec<String>,
}

impl Judgement {
    /// What the audits say.
    pub(crate) fn of<'a>(audited: impl IntoIterator<Item = &'a Audited>) -> Self {
        let (mut all, mut invalid) = (Vec::new(), Vec::new());
        for one in audited {
            all.push(one.findings.clone());
            invalid.extend(one.open.clone());
        }
        Self {
            audit: (!all.is_empty()).then(|| all.into_iter().sum()),
            broken: Vec::new(),
            invalid,
        }
    }

    /// A promise is broken where this is so.
    pub(crate) fn broken_if(&mut self, is_so: bool, why: impl Into<String>) {
        if is_so {
            self.broken.push(why.into());
        }
    }

    /// The figures mean nothing where this is so.
    pub(crate) fn invalid_if(&mut self, is_so: bool, why: impl Into<String>) {
        if is_so {
            self.invalid.push(why.into());
        }
    }

    /// What it all comes to. A broken promise counts even where the figures mean nothing.
    pub(crate) fn verdict(&self) -> Verdict {
        if !self.all_broken().is_empty() {
            Verdict::Broken
        } else if !self.invalid.is_empty() {
            Verdict::Invalid
        } else {
            Verdict::Good
        }
    }

    /// With the faults that the audit found.
    fn all_broken(&self) -> Vec<String> {
        let mut broken = self.broken.clone();
        broken.extend(self.audit.iter().flat_map(summary::broken_by));
        broken
    }

    fn to_json(&self) -> Result<Map<String, Value>> {
        let told = json!({
            "valid": self.invalid.is_empty(),
            "verdict": self.verdict().word(),
            "invalid": self.invalid,
            "broken": self.broken,
            "audit": serde_json::to_value(&self.audit)?,
        });
        match told {
            Value::Object(told) => Ok(told),
            _ => Ok(Map::new()),
        }
    }

    /// One line where all is well; everything that was counted where it is not.
    fn audit(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(findings) = &self.audit else {
            return writeln!(f, "\n  audit: nothing was sold that could be audited");
        };
        if findings.is_clean() && findings.is_whole() {
            return writeln!(f, "\n  audit: log, decisions and orders agree, no fault");
        }
        writeln!(f, "\n  audit")?;
        for (what, count) in summary::counted(findings) {
            writeln!(f, "  {what:<28} {}", found(count))?;
        }
        let mut unjudged = findings.not_judged.iter();
        unjudged.try_for_each(|why| writeln!(f, "  {:<28} {why}", "not judged"))
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.audit(f)?;
        let broken = self.all_broken();
        let promises = match (broken.is_empty(), &self.audit) {
            (false, _) => format!("Broken promises: {}.", broken.join("; ")),
            (true, None) => "No promise was asked for.".to_owned(),
            (true, Some(findings)) if !findings.is_whole() => {
                "Every promise held that could be judged.".to_owned()
            }
            (true, Some(_)) => "Every promise held.".to_owned(),
        };
        write!(f, "\n  {}. {promises}", summary::worth(&self.invalid))
    }
}

#[cfg(test)]
mod tests;
