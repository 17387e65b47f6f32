//! A request that is refused, told by how it differs from one that would be accepted.

use anyhow::{Context, Result};
use devstack::{Answer, Http};

use crate::shop::Shop;

/// A request, and the status and problem it must be answered with.
pub(crate) struct Case {
    name: String,
    method: String,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    refusal: (u16, &'static str),
}

/// What a case differs in from a purchase that would be accepted.
pub(crate) struct Right {
    pub(crate) path: String,
    pub(crate) authorization: String,
}

impl Right {
    /// A purchase of a new guest.
    pub(crate) async fn of_a_guest(shop: &Shop) -> Result<Self> {
        let url = format!("{}/v1/sessions/guest", shop.doors[0]);
        let session = Http::new().send("POST".parse()?, &url, &[], None).await?;
        let token = session.text("token").context("no token")?;
        Ok(Self {
            path: format!("/v1/sales/{}/purchases", shop.sale),
            authorization: format!("Bearer {token}"),
        })
    }

    /// As the bytes of a request with this body.
    pub(crate) fn on_the_wire(&self, body: &str) -> String {
        format!(
            "POST {} HTTP/1.1\r\nhost: shop\r\nauthorization: {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.path,
            self.authorization,
            body.len()
        )
    }

    pub(crate) fn purchase(&self, name: &'static str, status: u16, problem: &'static str) -> Case {
        let headers = [
            ("authorization", self.authorization.clone()),
            ("content-type", "application/json".to_owned()),
        ];
        let mut case = Case::new(name, "POST", &self.path, (status, problem)).body("{}");
        case.headers = headers.to_vec();
        case
    }
}

impl Case {
    /// A request without headers and body.
    pub(crate) fn new(
        name: impl Into<String>,
        method: &str,
        path: &str,
        refusal: (u16, &'static str),
    ) -> Self {
        Self {
            name: name.into(),
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            refusal,
        }
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn to(mut self, method: &str, path: impl Into<String>) -> Self {
        (self.method, self.path) = (method.to_owned(), path.into());
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn without(mut self, header: &str) -> Self {
        self.headers.retain(|(known, _)| *known != header);
        self
    }

    /// Sends it, and wants the refusal.
    pub(crate) async fn answered_by(self, door: &str) -> Result<()> {
        let headers: Vec<(&str, &str)> = self
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let url = format!("{door}{}", self.path);
        let answer = Http::new()
            .send_bytes(self.method.parse()?, &url, &headers, self.body)
            .await
            .with_context(|| self.name.clone())?;
        is_problem(&self.name, &answer, self.refusal);
        Ok(())
    }
}

/// It is that problem, told the way problems are told.
pub(crate) fn is_problem(name: &str, answer: &Answer, (status, problem): (u16, &str)) {
    assert_eq!(answer.status, status, "{name}: {}", answer.body);
    assert_eq!(answer.problem(), Some(problem), "{name}: {}", answer.body);
    assert_eq!(answer.body["status"], status, "{name}");
    assert!(
        answer.text("title").is_some_and(|title| !title.is_empty()),
        "{name}"
    );
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json"),
        "{name}"
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{name}");
}
