//! What a request asks for in its path and its query, with refusals that are problem details.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::problem::Problem;

/// A query of type `T`; unknown parameters are `T`'s to refuse.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, app).await;
        query
            .map(|Query(asked)| Self(asked))
            .map_err(|error| Problem::BadRequest(error.body_text()))
    }
}

/// The one name in a path, such as a sale's id; empty where it is not even text, which names nothing.
pub(crate) struct Named(pub(crate) String);

impl FromRequestParts<App> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, app).await;
        Ok(Self(
            path.map_or_else(|_not_text| String::new(), |Path(name)| name),
        ))
    }
}
