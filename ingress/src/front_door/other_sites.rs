//! What a page of another site can make a browser send, cookie and all.
//!
//! The cookie's `SameSite=Lax` keeps most of it out, but not pages on a neighbouring host of the same
//! site, and not a form that only wants to set a new cookie. So nothing is changed for a page that is
//! not ours, whoever it says is signed in: by `Sec-Fetch-Site`, which no page can forge; by `Origin`
//! where a browser does not send that. Programs send neither.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};

use crate::problem::Problem;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses what would change something and comes from a page that is not ours.
pub(crate) fn refuse(request: &Request) -> Result<(), Problem> {
    match request.method().is_safe() || is_from_us(request) {
        true => Ok(()),
        false => Err(Problem::Forbidden),
    }
}

fn is_from_us(request: &Request) -> bool {
    let headers = request.headers();
    match (headers.get(SEC_FETCH_SITE), headers.get(header::ORIGIN)) {
        // "none" is the address bar, or an extension.
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(origin)) => headers
            .get(header::HOST)
            .is_some_and(|host| is_at(origin, host)),
        (None, None) => true,
    }
}

/// Whether an origin is at this host and port. Its scheme is not compared: a balancer may have ended TLS.
fn is_at(origin: &HeaderValue, host: &HeaderValue) -> bool {
    let origin = origin.as_bytes().to_ascii_lowercase();
    let at = [b"https://".as_slice(), b"http://"]
        .iter()
        .find_map(|scheme| origin.strip_prefix(*scheme));
    at.is_some_and(|at| at.eq_ignore_ascii_case(host.as_bytes()))
}
