//! A measurement that was ended before it had its figures. It is told like one that has: whoever reads the file must
//! not take the run before for this one.

use std::fmt;
use std::marker::PhantomData;

use serde_json::{Map, Value};

use super::measurement::{Judgement, Measurement};
use super::summary;

const WHY: &str = "it was interrupted, and has no figures before its end";

/// The report of an `M` that never came.
pub(crate) struct Interrupted<M>(PhantomData<M>);

impl<M> Default for Interrupted<M> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<M: Measurement> Measurement for Interrupted<M> {
    const SCENARIO: &'static str = M::SCENARIO;

    fn judgement(&self) -> Judgement {
        let mut judgement = Judgement::default();
        judgement.invalid_if(true, WHY);
        judgement
    }

    fn figures(&self) -> Map<String, Value> {
        Map::new()
    }
}

impl<M: Measurement> fmt::Display for Interrupted<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n  {}.", summary::worth(&[WHY.to_owned()]))
    }
}
