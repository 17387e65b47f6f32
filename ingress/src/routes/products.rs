//! The catalogue.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use sale::ProductId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::json::Json;
use crate::openapi::{Always, Body, OperatorsOnly};
use crate::problem::Problem;
use crate::session::Operator;
use crate::store;

/// Longest name and description, in characters; the same limits stand in the schema.
const NAME_CHARS_MAX: usize = 200;
const DESCRIPTION_CHARS_MAX: usize = 4_000;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewProduct {
    name: String,
    #[serde(default)]
    description: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Product {
    id: ProductId,
    name: String,
    description: String,
}

/// Add a product
#[utoipa::path(
    post, path = "/v1/products", operation_id = "add_product", tag = "catalogue",
    request_body = NewProduct,
    responses((status = 201, description = "The product.", body = Product), Body, OperatorsOnly, Always),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn create(
    State(app): State<App>,
    _operator: Operator,
    Json(NewProduct { name, description }): Json<NewProduct>,
) -> Result<impl IntoResponse, Problem> {
    if !(1..=NAME_CHARS_MAX).contains(&name.chars().count()) {
        return Err(Problem::Invalid(format!(
            "name has 1 to {NAME_CHARS_MAX} characters"
        )));
    }
    if description.chars().count() > DESCRIPTION_CHARS_MAX {
        return Err(Problem::Invalid(format!(
            "description has at most {DESCRIPTION_CHARS_MAX} characters"
        )));
    }
    let id = ProductId::new(Uuid::now_v7());
    store::insert_product(&app.pool, id, &name, &description).await?;
    Ok((
        StatusCode::CREATED,
        Answer(Product {
            id,
            name,
            description,
        }),
    ))
}
