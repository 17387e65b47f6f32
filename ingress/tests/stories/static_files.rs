//! The files of the page.

use std::path::Path;

use anyhow::{Context, Result};
use devstack::{Answer, Http, Role, Stack};

use crate::request::is_problem;

const APP: &str = "/assets/app-4f1c2d.js";

/// A page as the build leaves it. The compressed files say which one they are.
fn build(dir: &Path) -> Result<()> {
    std::fs::create_dir_all(dir.join("web/assets"))?;
    std::fs::create_dir_all(dir.join("web/console"))?;
    for (name, text) in [
        ("web/index.html", "<!doctype html>"),
        ("web/index.html.br", "html in br"),
        ("web/console/index.html", "<!doctype html>"),
        ("web/console/index.html.br", "console in br"),
        ("web/assets/app-4f1c2d.js", "plain()"),
        ("web/assets/app-4f1c2d.js.br", "js in br"),
        ("web/assets/app-4f1c2d.js.gz", "js in gzip"),
        ("web/assets/style-77aa.css", "a{}"),
        ("secret", "not for the web"),
    ] {
        std::fs::write(dir.join(name), text)?;
    }
    Ok(())
}

/// An ingress that serves them.
async fn given_a_page() -> Result<(Stack, Folder)> {
    let folder = Folder(std::env::temp_dir().join(format!("page-{}", uuid::Uuid::new_v4())));
    build(&folder.0)?;
    let web = folder.0.join("web");
    let stack = Stack::builder()
        .notifiers(0)
        .allocators(0)
        .env(
            Role::Ingress,
            "WEB_DIR",
            web.to_str().context("a path of text")?,
        )
        .start()
        .await?;
    Ok((stack, folder))
}

struct Folder(std::path::PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn ask(stack: &Stack, method: &str, path: &str, accepted: &str) -> Result<Answer> {
    let url = format!("{}{path}", stack.ingress(0).url());
    let headers = [("accept-encoding", accepted)];
    Http::new()
        .send(method.parse()?, &url, &headers, None)
        .await
}

#[tokio::test]
async fn assets_come_compressed_and_are_kept_for_good() -> Result<()> {
    let (stack, _folder) = given_a_page().await?;
    for (accepted, encoding, body) in [
        ("br, gzip", Some("br"), "js in br"),
        ("gzip", Some("gzip"), "js in gzip"),
        ("identity", None, "plain()"),
    ] {
        let answer = ask(&stack, "GET", APP, accepted).await?;
        assert_eq!((answer.status, answer.body.as_str()), (200, Some(body)));
        assert_eq!(answer.header("content-encoding"), encoding, "{accepted}");
        assert_eq!(answer.header("content-type"), Some("text/javascript"));
        assert_eq!(
            answer.header("cache-control"),
            Some("public, max-age=31536000, immutable")
        );
        assert_eq!(answer.header("vary"), Some("accept-encoding"));
    }
    let style = ask(&stack, "GET", "/assets/style-77aa.css", "br").await?;
    assert_eq!(style.header("content-type"), Some("text/css"));
    let head = ask(&stack, "HEAD", APP, "br").await?;
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some("8"))
    );
    assert!(head.body.is_null());
    stack.stop().await
}

#[tokio::test]
async fn the_page_is_asked_about_each_time() -> Result<()> {
    let (stack, _folder) = given_a_page().await?;
    let page = ask(&stack, "GET", "/", "br").await?;
    assert_eq!((page.status, page.body.as_str()), (200, Some("html in br")));
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    assert_eq!(page.header("content-type"), Some("text/html"));
    let policy = page.header("content-security-policy").context("a policy")?;
    assert!(policy.contains("script-src 'self';"), "{policy}");
    assert!(page.header("permissions-policy").is_some());

    let etag = page.header("etag").context("an ETag")?;
    let url = format!("{}/", stack.ingress(0).url());
    let headers = [("if-none-match", etag), ("accept-encoding", "br")];
    let again = Http::new()
        .send("GET".parse()?, &url, &headers, None)
        .await?;
    assert_eq!(again.status, 304);
    stack.stop().await
}

#[tokio::test]
async fn the_console_is_a_page_of_its_own() -> Result<()> {
    let (stack, _folder) = given_a_page().await?;
    let named = ask(&stack, "GET", "/console", "br").await?;
    assert_eq!(
        (named.status, named.header("location")),
        (307, Some("/console/"))
    );
    let page = ask(&stack, "GET", "/console/", "br").await?;
    assert_eq!(
        (page.status, page.body.as_str()),
        (200, Some("console in br"))
    );
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    let policy = page.header("content-security-policy").context("a policy")?;
    assert!(policy.contains("style-src 'self';"), "{policy}");
    stack.stop().await
}

#[tokio::test]
async fn nothing_beside_the_page_is_served() -> Result<()> {
    let (stack, _folder) = given_a_page().await?;
    for path in [
        "/../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/assets/..%2f..%2fsecret",
        "/assets/%2e%2e/%2e%2e/secret",
        "//etc/passwd",
        "/assets/none.js",
        "/assets",
    ] {
        let answer = ask(&stack, "GET", path, "br").await?;
        let refused = (answer.status, answer.problem()) == (404, Some("not-found"));
        // A folder is referred to its slash, behind which there is nothing.
        assert!(refused || answer.status == 307, "{path}: {answer:?}");
        assert_ne!(
            answer.header("cache-control"),
            Some("public, max-age=31536000, immutable"),
            "{path}"
        );
    }
    let posted = ask(&stack, "POST", "/", "br").await?;
    assert_eq!(posted.problem(), Some("not-found"), "{posted:?}");
    stack.stop().await
}

#[tokio::test]
async fn a_name_that_no_file_can_have_is_not_found() -> Result<()> {
    let (stack, _folder) = given_a_page().await?;
    let long = format!("/{}", "n".repeat(300));
    for path in [
        "/a%00b",
        "/%ff",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "//secret",
        "//assets",
        "/assets/app-4f1c2d.js/",
        "/assets/app-4f1c2d.js/x",
        &long,
    ] {
        let answer = ask(&stack, "GET", path, "br").await?;
        is_problem(path, &answer, (404, "not-found"));
    }
    stack.stop().await
}
