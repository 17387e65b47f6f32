//! What the web page needs to know before it can do anything.

use anyhow::Context;
use axum::Json as Answer;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;

/// Answered by `/config.json`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PageConfig {
    live_url: String,
    pub(crate) guest_sessions: bool,
    #[serde(skip)]
    policy: HeaderValue,
}

impl PageConfig {
    pub(crate) fn new(live_url: String, guest_sessions: bool) -> anyhow::Result<Self> {
        let live_origin = origin(&live_url).context("LIVE_URL must be a ws:// or wss:// URL")?;
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
             font-src 'self'; connect-src 'self' {live_origin}; base-uri 'none'; \
             form-action 'self'; frame-ancestors 'none'"
        );
        let policy = HeaderValue::from_str(&policy).context("LIVE_URL")?;
        Ok(Self {
            live_url,
            guest_sessions,
            policy,
        })
    }

    /// Nothing but our own files, and the notifier's socket.
    pub(crate) fn content_security_policy(&self) -> HeaderValue {
        self.policy.clone()
    }
}

/// What the web page needs to know
#[utoipa::path(
    get, path = "/config.json", operation_id = "show_page_config", tag = "page",
    responses((status = 200, description = "Where the notifier is, and whether guests are let in.", body = PageConfig), crate::openapi::Always),
)]
pub(crate) async fn config(State(app): State<App>) -> impl IntoResponse {
    let headers = [(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    (headers, Answer(app.page.clone()))
}

fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split('/').next().filter(|host| !host.is_empty())?;
    matches!(scheme, "ws" | "wss").then(|| format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_lets_the_page_reach_the_notifier_and_nothing_else() {
        let page = PageConfig::new("wss://live.example:8443/v1/live".into(), false).unwrap();
        let policy = page.content_security_policy();
        let policy = policy.to_str().unwrap();
        assert!(
            policy.contains("connect-src 'self' wss://live.example:8443;"),
            "{policy}"
        );
        assert!(policy.starts_with("default-src 'none'"));
    }

    #[test]
    fn a_live_url_of_another_kind_is_refused() {
        for url in ["http://live.example/", "wss://", "live.example"] {
            assert!(PageConfig::new(url.into(), false).is_err(), "{url}");
        }
    }
}
