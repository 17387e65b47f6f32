//! JSON bodies in, with refusals that are problem details.

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::problem::Problem;

/// A JSON body of type `T`; unknown fields are `T`'s to refuse.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        match axum::Json::from_request(request, app).await {
            Ok(axum::Json(body)) => Ok(Self(body)),
            Err(rejection) => Err(refuse(&rejection)),
        }
    }
}

fn refuse(rejection: &JsonRejection) -> Problem {
    match rejection {
        JsonRejection::MissingJsonContentType(_) => Problem::UnsupportedMediaType,
        JsonRejection::JsonDataError(error) => Problem::Invalid(error.body_text()),
        JsonRejection::JsonSyntaxError(error) => Problem::BadRequest(error.body_text()),
        JsonRejection::BytesRejection(error) if error.status() == 413 => Problem::TooLarge,
        // The body broke off, or came too slowly.
        other => Problem::BadRequest(other.body_text()),
    }
}
