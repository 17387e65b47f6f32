//! Who sent a request, for its handler.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts, Request};
use axum::http::request::Parts;

pub(crate) use service::client_address::{ClientAddress, TrustedHops};

use crate::app::App;
use crate::front_door::rate_limits::Allowance;
use crate::problem::Problem;

/// Who sent the request, as far as our balancers can be trusted.
pub(crate) fn sender(hops: TrustedHops, request: &Request) -> Result<ClientAddress, Problem> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.ok_or_else(|| anyhow::anyhow!("a request without a peer"))?;
    Ok(hops.client(request.headers(), peer.0.ip()))
}

/// A request's sender, and what is left of the sender's allowance.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) address: ClientAddress,
    /// `None` where nobody counts.
    pub(crate) allowance: Option<Allowance>,
}

impl FromRequestParts<App> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        let visit = parts.extensions.get::<Self>().cloned();
        Ok(visit.ok_or_else(|| anyhow::anyhow!("a request that passed no front door"))?)
    }
}

impl FromRequestParts<App> for ClientAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Visit::from_request_parts(parts, app).await?.address)
    }
}
