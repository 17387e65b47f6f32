//! JSON bodies in, with refusals that are problem details.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use tower_http::timeout::TimeoutError;

use crate::app::App;
use crate::problem::Problem;

/// A JSON body of type `T`; unknown fields are `T`'s to refuse.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        match <axum::Json<Object<T>> as FromRequest<App>>::from_request(request, app).await {
            Ok(axum::Json(Object(body))) => Ok(Self(body)),
            Err(rejection) => Err(refuse(&rejection)),
        }
    }
}

/// `None` when no body is declared or it is `null`, for requests that can do without one.
impl<T: DeserializeOwned> OptionalFromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Option<Self>, Problem> {
        type Given<T> = axum::Json<Option<Object<T>>>;
        match <Given<T> as OptionalFromRequest<App>>::from_request(request, app).await {
            Ok(Some(axum::Json(Some(Object(body))))) => Ok(Some(Self(body))),
            Ok(None | Some(axum::Json(None))) => Ok(None),
            Err(rejection) => Err(refuse(&rejection)),
        }
    }
}

/// Without it a list would read as a struct to serde, and `[]` would be a purchase.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields(PhantomData))
    }
}

struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
    }
}

fn refuse(rejection: &JsonRejection) -> Problem {
    match rejection {
        JsonRejection::MissingJsonContentType(_) => Problem::UnsupportedMediaType,
        JsonRejection::JsonDataError(error) => Problem::Invalid(error.body_text()),
        JsonRejection::JsonSyntaxError(error) => Problem::BadRequest(error.body_text()),
        JsonRejection::BytesRejection(error) if error.status() == 413 => Problem::TooLarge,
        JsonRejection::BytesRejection(error) if is_late(error) => Problem::Timeout,
        // The body broke off.
        other => Problem::BadRequest(other.body_text()),
    }
}

/// Whether the body was still arriving at its deadline, somewhere below.
fn is_late(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| (*error).source())
        .any(|error| error.is::<TimeoutError>())
}
