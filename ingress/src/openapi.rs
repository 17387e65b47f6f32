//! The API's description: what all operations have in common, and the refusals that many share.
//!
//! Each handler describes itself where it stands (`#[utoipa::path]`); `app.rs` collects them.

use std::collections::BTreeMap;

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Response,
    ResponseBuilder,
};
use utoipa::{IntoResponses, ToSchema};

use crate::accounts::session::COOKIE;
use crate::problem::Details;

/// The document before any operation is in it.
pub(crate) fn head() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Firstcome")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(include_str!("openapi.md")))
        .build();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    let cookie = ApiKey::Cookie(ApiKeyValue::new(COOKIE));
    let components = ComponentsBuilder::new()
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .security_scheme("cookie", SecurityScheme::ApiKey(cookie))
        .schema(
            Details::name(),
            <Details as utoipa::PartialSchema>::schema(),
        )
        .build();
    OpenApiBuilder::new()
        .info(info)
        .tags(Some(tags()))
        .components(Some(components))
        .build()
}

/// The chapters, in the order in which somebody new needs them.
fn tags() -> Vec<Tag> {
    [
        ("accounts", "Who you are."),
        ("catalogue", "What is sold."),
        ("buy", "One purchase is one unit."),
        ("results", "What became of it, and what you hold."),
        ("operate", "Running sales; for operators."),
        ("operations", "Looking inside; for operators."),
        ("page", "What the web page asks for."),
    ]
    .map(|(name, about)| {
        TagBuilder::new()
            .name(name)
            .description(Some(about))
            .build()
    })
    .into()
}

/// Sets of refusals: a type each, for the `responses(…)` of a handler.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident { $($status:literal: $when:literal,)+ })+) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                [$(($status.to_owned(), problem($when))),+].into()
            }
        }
    )+};
}

refusals! {
    /// What any request may be answered.
    Always {
        "429": "`rate-limited`: too many requests; `Retry-After` says when the next one is welcome.",
        "500": "`internal`: ours to solve; quote the `request_id`.",
        "503": "`busy`, `halted` or `unavailable`: come back after `Retry-After`. But for the last, nothing was done.",
    }
    /// What is written to the log first. Stands after [`Always`], whose 503 it replaces.
    Logged {
        "503": "`busy`, `halted`, `unavailable` or `outcome-unknown`: come back after `Retry-After`, with the same key. But for the last two, nothing was done.",
    }
    /// A JSON body was wanted.
    Body {
        "400": "`bad-request`: not JSON, or a header or parameter that cannot be read.",
        "403": "`forbidden`: a page of another site asked.",
        "408": "`timeout`: the body took too long to arrive.",
        "413": "`too-large`: the body is larger than any request needs.",
        "415": "`unsupported-media-type`: the body must be `application/json`.",
        "422": "`invalid`: the JSON says something this request cannot mean.",
    }
    /// A JSON body was wanted, and an idempotency key may be given.
    KeyedBody {
        "400": "`bad-request`: not JSON, or a header or parameter that cannot be read.",
        "408": "`timeout`: the body took too long to arrive.",
        "413": "`too-large`: the body is larger than any request needs.",
        "415": "`unsupported-media-type`: the body must be `application/json`.",
        "422": "`invalid`: the JSON says something this request cannot mean. `key-reused`: the key stands for another request.",
    }
    /// A session was wanted.
    SignedIn {
        "401": "`unauthorized`: no session, or one that has ended or was revoked.",
    }
    /// An operator's session was wanted.
    OperatorsOnly {
        "401": "`unauthorized`: no session, or one that has ended or was revoked.",
        "403": "`forbidden`: the session is not an operator's, or a page of another site wants to change something.",
    }
}

fn problem(when: &str) -> RefOr<Response> {
    let schema = Ref::from_schema_name(Details::name());
    ResponseBuilder::new()
        .description(when)
        .content(
            "application/problem+json",
            ContentBuilder::new().schema(Some(schema)).build(),
        )
        .build()
        .into()
}
