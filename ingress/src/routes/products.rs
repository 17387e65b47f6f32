//! The catalogue. A product never changes.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use sale::{Moment, ProductId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::session::Operator;
use crate::app::App;
use crate::openapi::{Always, KeyedBody, OperatorsOnly};
use crate::pages::{List, Wanted};
use crate::problem::{Details, Problem};
use crate::request::asked::{Asked, Named};
use crate::request::derived;
use crate::request::idempotency_key;
use crate::request::json::Json;
use crate::request::text;
use crate::store::catalogue::{self, ProductRow};

/// Longest name and description, in characters; the same limits stand in the schema.
const NAME_CHARS_MAX: usize = 200;
const DESCRIPTION_CHARS_MAX: usize = 4_000;

/// A list grows; a product stays what it is.
const LIST_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=1");
const PRODUCT_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=60");

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewProduct {
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$"
    )]
    name: String,
    #[serde(default)]
    #[schema(
        max_length = 4000,
        pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$"
    )]
    description: String,
}

/// A product of the catalogue; a sale keeps a copy of its name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CatalogueProduct)]
pub(crate) struct Product {
    id: ProductId,
    name: String,
    description: String,
    #[serde(serialize_with = "feed::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: Moment,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Products {
    products: Vec<Product>,
    /// For the next page, as `?cursor=`; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// All products
#[utoipa::path(
    get, path = "/v1/products", operation_id = "list_products", tag = "catalogue",
    params(Wanted),
    responses(
        (status = 200, description = "A page, the newest first.", body = Products),
        (status = 400, description = "`bad-request`: the query cannot be read, or the cursor is not of this list.", body = Details, content_type = "application/problem+json"),
        Always,
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Asked(wanted): Asked<Wanted>,
) -> Result<impl IntoResponse, Problem> {
    let page = wanted.page(List::Products)?;
    let mut rows = catalogue::products(&app.pool, &page).await?;
    let next_cursor = page.cut(&mut rows, ProductRow::position);
    let products = rows.into_iter().map(Product::from).collect();
    let headers = [(header::CACHE_CONTROL, LIST_CACHE)];
    Ok((
        headers,
        Answer(Products {
            products,
            next_cursor,
        }),
    ))
}

/// One product
#[utoipa::path(
    get, path = "/v1/products/{product}", operation_id = "show_product", tag = "catalogue",
    params(("product" = Uuid, Path, description = "The product's id")),
    responses(
        (status = 200, description = "The product.", body = Product),
        (status = 404, description = "`not-found`", body = Details, content_type = "application/problem+json"),
        Always,
    ),
)]
pub(crate) async fn show(
    State(app): State<App>,
    Named(product): Named,
) -> Result<impl IntoResponse, Problem> {
    let id = Uuid::try_parse(&product).map_err(|_| Problem::NotFound)?;
    let row = catalogue::product(&app.pool, ProductId::new(id)).await?;
    let product = Product::from(row.ok_or(Problem::NotFound)?);
    Ok(([(header::CACHE_CONTROL, PRODUCT_CACHE)], Answer(product)))
}

/// Add a product
#[utoipa::path(
    post, path = "/v1/products", operation_id = "add_product", tag = "catalogue",
    params(crate::request::idempotency_key::IdempotencyKey),
    request_body = NewProduct,
    responses((status = 201, description = "The product.", body = Product), KeyedBody, OperatorsOnly, Always),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn create(
    State(app): State<App>,
    operator: Operator,
    headers: HeaderMap,
    Json(NewProduct { name, description }): Json<NewProduct>,
) -> Result<impl IntoResponse, Problem> {
    text::check("name", &name, 1..=NAME_CHARS_MAX)?;
    text::check("description", &description, 0..=DESCRIPTION_CHARS_MAX)?;
    let id = match idempotency_key::given(&headers)? {
        Some(key) => derived::product(&operator.name, &key),
        None => ProductId::new(Uuid::now_v7()),
    };
    catalogue::insert_product(&app.pool, id, &name, &description).await?;
    let row = catalogue::product(&app.pool, id).await?;
    let row = row.ok_or_else(|| anyhow::anyhow!("product {id} is not there"))?;
    if (&row.name, &row.description) != (&name, &description) {
        return Err(Problem::KeyReused);
    }
    let location =
        HeaderValue::from_str(&format!("/v1/products/{id}")).map_err(anyhow::Error::from)?;
    let headers = [(header::LOCATION, location)];
    Ok((StatusCode::CREATED, headers, Answer(Product::from(row))))
}

impl From<ProductRow> for Product {
    fn from(row: ProductRow) -> Self {
        Self {
            id: ProductId::new(row.id),
            name: row.name,
            description: row.description,
            created_at: feed::moment(row.created_at),
        }
    }
}
