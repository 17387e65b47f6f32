//! Where things live: `<target folder>/firstcome`, and for Postgres sometimes a folder outside it.

use std::fs::{self, OpenOptions, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::reaper;
use crate::say;

/// The folders of this checkout's private stacks.
#[derive(Clone, Debug)]
pub struct Home {
    /// `<target folder>/firstcome`: fetched programs, NATS data, what the demo keeps.
    pub folder: PathBuf,
    /// The same folder, or one that [`Home::server_user`] can reach.
    pub postgres_folder: PathBuf,
    /// Who Postgres runs as; `None` when that is us. Postgres refuses to run as root.
    pub server_user: Option<ServerUser>,
}

/// An unprivileged account of this machine.
#[derive(Clone, Debug)]
pub struct ServerUser {
    /// Its number.
    pub uid: u32,
    /// The number of its group.
    pub gid: u32,
}

impl Home {
    /// Finds the target folder by the running program, so that `CARGO_TARGET_DIR` is honoured, and
    /// makes the folders.
    pub fn find() -> Result<Self> {
        Self::in_target(&target_folder()?)
    }

    fn in_target(target: &Path) -> Result<Self> {
        let folder = target.join("firstcome");
        let server_user = if rustix::process::getuid().is_root() {
            Some(ServerUser::find()?)
        } else {
            None
        };
        make_open_folder(&folder)?;
        let postgres_folder = match &server_user {
            Some(user) if !user.can_reach(&folder) => outside(&folder)?,
            _ => folder.clone(),
        };
        Ok(Self {
            folder,
            postgres_folder,
            server_user,
        })
    }
}

impl ServerUser {
    /// `postgres` where it exists, else `nobody`.
    pub fn find() -> Result<Self> {
        let accounts = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
        let find = |name: &str| accounts.lines().find_map(|line| Self::parse(line, name));
        find("postgres")
            .or_else(|| find("nobody"))
            .context("Postgres does not run as root, and /etc/passwd has neither `postgres` nor `nobody`: run as another user")
    }

    fn parse(line: &str, wanted: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        (name == wanted).then_some(Self { uid, gid })
    }

    /// Whether every folder on the way lets this user through.
    fn can_reach(&self, folder: &Path) -> bool {
        folder.ancestors().all(|each| {
            fs::metadata(each).is_ok_and(|found| {
                let bit = if found.uid() == self.uid {
                    0o100
                } else if found.gid() == self.gid {
                    0o010
                } else {
                    0o001
                };
                found.mode() & bit != 0
            })
        })
    }
}

/// The folder of the workspace's Cargo.toml.
pub fn workspace() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The folder of the running program's profile, such as `target/debug`.
pub fn profile_folder() -> Result<PathBuf> {
    let program = std::env::current_exe().context("cannot find the running program")?;
    let folder = program
        .parent()
        .context("the running program has no folder")?;
    let inner = folder.ends_with("deps") || folder.ends_with("examples");
    let profile = if inner { folder.parent() } else { Some(folder) };
    Ok(profile
        .context("the running program is not in a target folder")?
        .to_owned())
}

/// Cargo marks its target folder; below it lie profiles, or targets and then profiles.
pub fn target_folder() -> Result<PathBuf> {
    let profile = profile_folder()?;
    let marked = profile
        .ancestors()
        .skip(1)
        .find(|folder| folder.join("CACHEDIR.TAG").exists());
    let target = marked
        .or(profile.parent())
        .context("the profile folder has no parent")?;
    Ok(target.to_owned())
}

/// A folder of a name of its own that is removed when dropped, and by the reaper if we never get there.
#[derive(Debug)]
pub struct ScratchFolder {
    path: PathBuf,
}

impl ScratchFolder {
    /// Makes `<home>/run/<process>-<random>`.
    pub fn make(home: &Path) -> Result<Self> {
        let runs = home.join("run");
        make_open_folder(&runs)?;
        let path = runs.join(format!(
            "{}-{:08x}",
            std::process::id(),
            rand::random::<u32>()
        ));
        reaper::remove(&path)?;
        make_open_folder(&path)?;
        Ok(Self { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for ScratchFolder {
    fn drop(&mut self) {
        // What is left here is removed by the reaper.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Writes a file that only we can read.
pub fn write_secret(path: &Path, text: &str) -> Result<()> {
    // A new file, so that the mode holds from its first byte.
    let _ = fs::remove_file(path);
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// A folder that others may pass through, whatever our umask; secrets in it have modes of their own.
pub(crate) fn make_open_folder(path: &Path) -> Result<()> {
    let cannot = || format!("cannot make the folder {}", path.display());
    fs::create_dir_all(path).with_context(cannot)?;
    fs::set_permissions(path, Permissions::from_mode(0o755)).with_context(cannot)
}

/// The target folder lies below one that only root may enter: use one of ours below `/var/tmp`,
/// named after us and the folder it stands in for.
fn outside(folder: &Path) -> Result<PathBuf> {
    let mut hash = DefaultHasher::new();
    folder.hash(&mut hash);
    let owner = rustix::process::getuid().as_raw();
    let name = format!("firstcome-{owner}-{:016x}", hash.finish());
    let base = if Path::new("/var/tmp").is_dir() {
        PathBuf::from("/var/tmp")
    } else {
        std::env::temp_dir()
    };
    let path = base.join(name);
    match fs::create_dir(&path) {
        Ok(()) => say(&format!(
            "only root may enter {}, so Postgres gets {}",
            folder.display(),
            path.display()
        )),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => bail!("cannot make the folder {}: {error}", path.display()),
    }
    // Anybody may write there, so it could be somebody else's by now.
    let found = fs::symlink_metadata(&path)?;
    ensure!(
        found.is_dir() && found.uid() == owner,
        "{} is not ours: remove it",
        path.display()
    );
    make_open_folder(&path)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_account() {
        let user = ServerUser::parse("postgres:x:101:104:PostgreSQL:/var/lib:/bin/sh", "postgres");
        assert!(matches!(user, Some(ServerUser { uid: 101, gid: 104 })));
        assert!(ServerUser::parse("postgresql:x:101:104:::", "postgres").is_none());
    }

    #[test]
    fn a_target_folder_that_only_root_may_enter_moves_postgres_out() {
        let user = rustix::process::getuid();
        let root = user.is_root();
        // Others of this machine may test too, each below a folder of their own.
        let folder = format!("firstcome-places-{}", user.as_raw());
        let scratch = ScratchFolder::make(&std::env::temp_dir().join(folder)).expect("a folder");
        let private = scratch.path().join("private");
        make_open_folder(&private).expect("a folder");
        fs::set_permissions(&private, Permissions::from_mode(0o700)).expect("our folder");
        let home = Home::in_target(&private.join("target")).expect("a home");
        assert_eq!(home.folder, private.join("target/firstcome"));
        // For anybody but root the folder is simply their own.
        assert_eq!(home.postgres_folder != home.folder, root);
        if let Some(user) = &home.server_user {
            assert!(user.can_reach(&home.postgres_folder));
            fs::remove_dir_all(&home.postgres_folder).expect("our folder");
        }
    }
}
