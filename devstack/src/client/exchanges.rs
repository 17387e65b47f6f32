//! Writes down which answers the tests have seen, for `cargo verify`, which compares them with the API's
//! description.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::OnceLock;

use hyper::{Method, StatusCode};

use crate::environment;

/// Names the file to append to, a line each: method, path, status. Nothing is written without it.
pub const EXCHANGES_VARIABLE: &str = "EXCHANGES_FILE";

static FILE: OnceLock<Option<File>> = OnceLock::new();

pub(super) fn note(method: &Method, path: &str, status: StatusCode) {
    let file = FILE.get_or_init(|| {
        let path = environment::path(EXCHANGES_VARIABLE)?;
        let file = OpenOptions::new().create(true).append(true).open(path);
        Some(file.expect("the file of exchanges can be written"))
    });
    if let Some(mut file) = file.as_ref() {
        // In one write each, so that the lines of processes that run at once stay whole.
        let line = format!("{method} {path} {}\n", status.as_u16());
        file.write_all(line.as_bytes())
            .expect("an exchange can be written down");
    }
}
