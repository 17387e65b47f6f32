//! An operator.

use anyhow::{Context, Result, ensure};
use hyper::Method;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::http::{Answer, Http};
use crate::wait::until;

/// A first owner connects, claims and reads before it decides anything.
const DECIDED_WITHIN: std::time::Duration = std::time::Duration::from_secs(30);

/// Somebody with an operator's token, at one ingress.
#[derive(Clone)]
pub struct Operator {
    http: Http,
    ingress: String,
    authorization: String,
}

/// A sale to open. [`OpenSale::of`] has the usual values; change the fields that matter.
#[derive(Clone, Debug)]
pub struct OpenSale {
    /// The product's name.
    pub product: String,
    /// Units.
    pub stock: u32,
    /// Units per shopper.
    pub unit_limit: u16,
    /// Price in the currency's smallest unit.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// From now to the window's begin; may be negative.
    pub starts_in: Duration,
    /// The window's length.
    pub lasts: Duration,
}

impl OpenSale {
    /// So many units, one per shopper, open now and for an hour.
    pub fn of(stock: u32) -> Self {
        Self {
            product: "A scarce thing".to_owned(),
            stock,
            unit_limit: 1,
            amount_minor: 4_900,
            currency: "EUR".to_owned(),
            starts_in: Duration::ZERO,
            lasts: Duration::hours(1),
        }
    }
}

impl Operator {
    /// An operator by token, such as [`crate::Stack::operator_token`] gives.
    pub fn new(ingress: &str, token: &str) -> Self {
        Self {
            http: Http::new(),
            ingress: ingress.to_owned(),
            authorization: format!("Bearer {token}"),
        }
    }

    /// Makes the product and opens its sale; gives the sale's id once the sale is decided.
    pub async fn open_sale(&self, sale: &OpenSale) -> Result<String> {
        let product = self
            .post("/v1/products", Some(&json!({ "name": sale.product })))
            .await?;
        ensure!(
            product.status == 201,
            "no product: {} {}",
            product.status,
            product.body
        );
        let opened = self
            .post("/v1/sales", Some(&Self::terms(sale, &product.body["id"])?))
            .await?;
        ensure!(
            matches!(opened.status, 201 | 202),
            "no sale: {} {}",
            opened.status,
            opened.body
        );
        let path = opened
            .header("location")
            .context("a sale without a place")?;
        let id = path.rsplit('/').next().unwrap_or_default();
        // 202: whoever decides it has only just begun.
        until("the sale is decided", DECIDED_WITHIN, async || {
            Ok((self.get(path).await?.status == 200).then_some(()))
        })
        .await?;
        Ok(id.to_owned())
    }

    fn terms(sale: &OpenSale, product: &Value) -> Result<Value> {
        let now = OffsetDateTime::now_utc();
        let now = now.replace_millisecond(now.millisecond())?;
        let starts_at = now + sale.starts_in;
        Ok(json!({
            "product_id": product,
            "stock": sale.stock,
            "unit_limit": sale.unit_limit,
            "price": { "amount_minor": sale.amount_minor, "currency": sale.currency },
            "starts_at": starts_at.format(&Rfc3339)?,
            "ends_at": (starts_at + sale.lasts).format(&Rfc3339)?,
        }))
    }

    /// Closes a sale for good.
    pub async fn close(&self, sale: &str) -> Result<Answer> {
        self.post(&format!("/v1/sales/{sale}/close"), None).await
    }

    /// Any `POST`.
    pub async fn post(&self, path: &str, body: Option<&Value>) -> Result<Answer> {
        self.send(Method::POST, path, body).await
    }

    /// Any `GET`.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.send(Method::GET, path, None).await
    }

    /// Any request, with the operator's token.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        self.send_with(method, path, &[], body).await
    }

    /// Any request, with the operator's token and these headers.
    pub async fn send_with(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer> {
        let url = format!("{}{path}", self.ingress);
        let mut all = vec![("authorization", self.authorization.as_str())];
        all.extend_from_slice(headers);
        self.http.send(method, &url, &all, body).await
    }

    /// A `POST` with an idempotency key.
    pub async fn post_once(&self, path: &str, key: &str, body: &Value) -> Result<Answer> {
        let headers = [("idempotency-key", key)];
        self.send_with(Method::POST, path, &headers, Some(body))
            .await
    }

    /// The same operator at another ingress.
    pub fn at(&self, ingress: &str) -> Self {
        Self {
            ingress: ingress.to_owned(),
            ..self.clone()
        }
    }
}
