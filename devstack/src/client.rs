//! A small client of the product's public API, for tests and for the demo.

mod exchanges;
mod http;
mod live;
mod operator;
mod persistence;
mod shopper;

pub use exchanges::EXCHANGES_VARIABLE;
pub use http::{Answer, Http};
pub use live::{Event, Live};
pub use operator::{OpenSale, Operator};
pub use shopper::Shopper;
