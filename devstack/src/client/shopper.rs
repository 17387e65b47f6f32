//! A shopper.

use anyhow::{Context, Result, ensure};
use hyper::Method;
use serde_json::json;

use super::http::{Answer, Http};

/// A signed-in shopper at one ingress. Clones are the same shopper.
#[derive(Clone)]
pub struct Shopper {
    http: Http,
    ingress: String,
    authorization: String,
    id: String,
}

impl Shopper {
    /// A new guest, with connections of its own. `ingress` is a URL without a path.
    pub async fn guest(ingress: &str) -> Result<Self> {
        Self::guest_over(&Http::new(), ingress).await
    }

    /// A new guest on a shared pool; what a thousand of them take.
    pub async fn guest_over(http: &Http, ingress: &str) -> Result<Self> {
        let url = format!("{ingress}/v1/sessions/guest");
        let answer = http.send(Method::POST, &url, &[], None).await?;
        Self::of_session(http, ingress, &answer)
    }

    /// Makes an account, and gives its shopper.
    pub async fn register(ingress: &str, email: &str, password: &str) -> Result<Self> {
        Self::with_password(&format!("{ingress}/v1/accounts"), ingress, email, password).await
    }

    /// Whoever has an account.
    pub async fn sign_in(ingress: &str, email: &str, password: &str) -> Result<Self> {
        Self::with_password(&format!("{ingress}/v1/sessions"), ingress, email, password).await
    }

    async fn with_password(url: &str, ingress: &str, email: &str, password: &str) -> Result<Self> {
        let http = Http::new();
        let credentials = json!({ "email": email, "password": password });
        let answer = http.send(Method::POST, url, &[], Some(&credentials));
        Self::of_session(&http, ingress, &answer.await?)
    }

    fn of_session(http: &Http, ingress: &str, answer: &Answer) -> Result<Self> {
        ensure!(
            answer.status == 201,
            "no session: {} {}",
            answer.status,
            answer.body
        );
        let field = |name| {
            answer
                .text(name)
                .map(str::to_owned)
                .with_context(|| format!("no {name} in {}", answer.body))
        };
        let (token, id) = (field("token")?, field("shopper_id")?);
        Ok(Self {
            http: http.clone(),
            ingress: ingress.to_owned(),
            authorization: format!("Bearer {token}"),
            id,
        })
    }

    /// Ends their session.
    pub async fn sign_out(&self) -> Result<Answer> {
        self.send(Method::DELETE, "/v1/sessions", &[], None).await
    }

    /// Who the ingress takes them for.
    pub async fn who_am_i(&self) -> Result<Answer> {
        self.get("/v1/sessions/mine").await
    }

    /// Their token, for requests that are made by hand.
    pub fn token(&self) -> &str {
        self.authorization.trim_start_matches("Bearer ")
    }

    /// The same shopper at another ingress.
    pub fn at(&self, ingress: &str) -> Self {
        Self {
            ingress: ingress.to_owned(),
            ..self.clone()
        }
    }

    /// Their id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Tries to buy one unit.
    pub async fn buy(&self, sale: &str, key: Option<&str>) -> Result<Answer> {
        let url = format!("{}/v1/sales/{sale}/purchases", self.ingress);
        let mut headers = vec![("authorization", self.authorization.as_str())];
        headers.extend(key.map(|key| ("idempotency-key", key)));
        self.http
            .send(Method::POST, &url, &headers, Some(&json!({})))
            .await
    }

    /// Looks a ticket up, waiting up to `wait_s` seconds for its result.
    pub async fn ticket(&self, ticket: &str, wait_s: u32) -> Result<Answer> {
        self.get(&format!("/v1/tickets/{ticket}?wait={wait_s}"))
            .await
    }

    /// Their orders in a sale.
    pub async fn orders(&self, sale: &str) -> Result<Answer> {
        self.get(&format!("/v1/sales/{sale}/orders/mine")).await
    }

    /// `GET` of any path, signed in.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.send(Method::GET, path, &[], None).await
    }

    /// Any request, signed in.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&serde_json::Value>,
    ) -> Result<Answer> {
        let mut all = vec![("authorization", self.authorization.as_str())];
        all.extend_from_slice(headers);
        self.http
            .send(method, &format!("{}{path}", self.ingress), &all, body)
            .await
    }
}
