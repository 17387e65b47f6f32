//! The few variables devstack itself listens to, and what its children may know of the rest.
#![expect(
    clippy::disallowed_methods,
    reason = "devstack starts processes: their environment is its business"
)]

use std::ffi::OsString;
use std::process::Command;

/// A variable's value, if it is text.
pub(crate) fn text(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A variable's value, for paths.
pub(crate) fn path(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// What a child may know of our environment. Nothing of a developer's own settings: a `DATABASE_URL`
/// in the shell must not reach a test.
pub(crate) fn inherited() -> Vec<(String, String)> {
    const NAMES: [&str; 5] = [
        "PATH",
        "HOME",
        "TMPDIR",
        "RUST_BACKTRACE",
        "LLVM_PROFILE_FILE",
    ];
    NAMES
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), text(name)?)))
        .collect()
}

/// Takes out what an outer Cargo told us: build scripts that watch those variables would run again, and
/// everything above them would be built twice.
pub(crate) fn without_outer_cargo(command: &mut Command) {
    const OUTER: [&str; 5] = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_CRATE_",
        "CARGO_BIN_",
        "CARGO_PRIMARY_",
    ];
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if OUTER.iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(&*name);
        }
    }
}
