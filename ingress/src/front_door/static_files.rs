//! The files of the web page, as the build left them: compressed already, assets named by their
//! content.

use std::path::PathBuf;

use anyhow::anyhow;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use tower_http::services::ServeDir;

use crate::app::App;
use crate::front_door::security_headers;
use crate::problem::Problem;

/// Where the build puts files whose name changes with their content.
const HASHED: &str = "/assets/";

/// Longest path that is looked for: the build makes none of half the length, and what a file system has no
/// room for (255 bytes a name, mostly) it answers with a failure.
const PATH_BYTES_MAX: usize = 200;

/// A year, the longest that caches care about: under this name there will never be anything else.
const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Kept, but asked about each time; the answer is mostly 304.
const ASK_FIRST: HeaderValue = HeaderValue::from_static("no-cache");

/// Serves `dir` wherever the API has nothing.
pub(crate) fn routes(dir: PathBuf, policy: HeaderValue) -> Router<App> {
    let files = ServeDir::new(dir)
        .precompressed_br()
        .precompressed_gzip()
        .call_fallback_on_method_not_allowed(true)
        .fallback(any(async || Problem::NotFound));
    Router::new()
        .fallback_service(files)
        .layer(middleware::from_fn_with_state(policy, as_page))
}

async fn as_page(State(policy): State<HeaderValue>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    // Two slashes would lead on to a folder by a `Location` that names another host.
    if path.len() > PATH_BYTES_MAX || path.starts_with("//") {
        return Problem::NotFound.into_response();
    }
    let is_hashed = path.starts_with(HASHED);
    let mut response = next.run(request).await;
    if response.status().is_server_error() {
        return Problem::Internal(anyhow!("a file of the page cannot be read")).into_response();
    }
    if is_file(response.status()) {
        let headers = response.headers_mut();
        headers.extend(security_headers::of_page(policy));
        cache(headers, is_hashed);
    }
    response
}

/// A file, a part of it, or the word that it has not changed.
fn is_file(status: StatusCode) -> bool {
    status.is_success() || status == StatusCode::NOT_MODIFIED
}

fn cache(headers: &mut HeaderMap, is_hashed: bool) {
    let how = if is_hashed { FOR_GOOD } else { ASK_FIRST };
    headers.insert(header::CACHE_CONTROL, how);
}
