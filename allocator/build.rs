//! `sqlx::migrate!` notices a migration that changed; that there is a new one, only Cargo can tell it.

fn main() {
    println!("cargo::rerun-if-changed=../migrations");
}
