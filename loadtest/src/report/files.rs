//! The files that a run is written to.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use super::{Measurement, csv, html, json};
use crate::run::Run;

/// Where to write what a run has shown.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Files {
    /// Write the figures to this file as well
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Write a row for every answer other than 2xx to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,

    /// Write a page with charts to this file; it opens from disk, without network
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

impl Files {
    /// To be called before a run, so that nobody loses one to a misspelt folder. What is there stays as it is.
    pub(crate) fn check(&self) -> Result<()> {
        let named = [&self.json, &self.csv, &self.html];
        named.into_iter().flatten().try_for_each(|path| check(path))
    }

    /// Writes those that were asked for.
    pub(crate) fn write(&self, run: &Run) -> Result<()> {
        if let Some(path) = &self.json {
            write(path, |to| Ok(to.write_all(json::json(run)?.as_bytes())?))?;
        }
        if let Some(path) = &self.csv {
            write(path, |to| Ok(csv::write(&run.tally.refusals, to)?))?;
        }
        if let Some(path) = &self.html {
            write(path, |to| Ok(to.write_all(html::page(run).as_bytes())?))?;
        }
        Ok(())
    }
}

/// Where to write what a measurement has shown.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct JsonFile {
    /// Write the figures to this file as well
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

impl JsonFile {
    /// As that of [`Files`].
    pub(crate) fn check(&self) -> Result<()> {
        self.json.iter().try_for_each(|path| check(path))
    }

    /// Writes it if it was asked for.
    pub(crate) fn write(&self, measured: &impl Measurement) -> Result<()> {
        let Some(path) = &self.json else {
            return Ok(());
        };
        write(path, |to| Ok(to.write_all(measured.to_json()?.as_bytes())?))
    }
}

fn check(path: &Path) -> Result<()> {
    let opened = OpenOptions::new().append(true).create(true).open(path);
    opened.with_context(|| cannot_write(path)).map(drop)
}

fn write(path: &Path, what: impl FnOnce(&mut BufWriter<File>) -> Result<()>) -> Result<()> {
    let written = File::create(path)
        .map_err(anyhow::Error::from)
        .and_then(|file| {
            let mut to = BufWriter::new(file);
            what(&mut to)?;
            Ok(to.flush()?)
        });
    written.with_context(|| cannot_write(path))
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::synthetic::given_a_run;

    /// A folder that is gone after the test.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let name = format!("loadtest-{name}-{}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            std::fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }

        fn path(&self, name: &str) -> Option<PathBuf> {
            Some(self.0.join(name))
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            drop(std::fs::remove_dir_all(&self.0));
        }
    }

    #[test]
    fn each_file_that_was_asked_for_is_written() {
        let scratch = Scratch::new("written");
        let files = Files {
            json: scratch.path("run.json"),
            csv: scratch.path("run.csv"),
            html: scratch.path("run.html"),
        };
        files.check().unwrap();
        files.write(&given_a_run()).unwrap();
        let begins = |path: &Option<PathBuf>, with: &str| {
            let text = std::fs::read_to_string(path.as_ref().unwrap()).unwrap();
            assert!(text.starts_with(with), "{}", &text[..20]);
        };
        begins(&files.json, "{\n");
        begins(&files.csv, "at_ms,");
        begins(&files.html, "<!doctype html>");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_told_before_the_run() {
        let scratch = Scratch::new("refused");
        let files = Files {
            html: scratch.path("nowhere/run.html"),
            ..Files::default()
        };
        let told = format!("{:#}", files.check().unwrap_err());
        assert!(told.starts_with("cannot write "), "{told}");
        assert!(told.contains("nowhere/run.html: "), "{told}");

        let file = JsonFile {
            json: scratch.path("nowhere/run.json"),
        };
        let told = format!("{:#}", file.check().unwrap_err());
        assert!(told.contains("nowhere/run.json: "), "{told}");
    }

    #[test]
    fn a_check_keeps_what_is_there() {
        let scratch = Scratch::new("kept");
        let files = Files {
            json: scratch.path("run.json"),
            ..Files::default()
        };
        let path = files.json.as_ref().unwrap();
        std::fs::write(path, "the run before").unwrap();
        files.check().unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), "the run before");
    }
}
