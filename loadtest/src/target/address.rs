//! Where a URL leads.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};

/// A host and where it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Address {
    /// As requests name it, with a port if the URL has one.
    pub(crate) host: String,
    pub(crate) socket: SocketAddr,
}

impl Address {
    pub(crate) fn of(socket: SocketAddr) -> Self {
        Self {
            host: socket.to_string(),
            socket,
        }
    }

    /// Of a URL of this scheme; its path does not matter.
    pub(crate) async fn parse(url: &str, scheme: &str) -> Result<Self> {
        let host = host(url, scheme)?;
        let port = ":80";
        let has_port = host.rsplit(']').next().is_some_and(|end| end.contains(':'));
        let named = format!("{host}{}", if has_port { "" } else { port });
        let mut found = tokio::net::lookup_host(&named)
            .await
            .with_context(|| format!("{url} leads nowhere"))?;
        Ok(Self {
            host: host.to_owned(),
            socket: found
                .next()
                .with_context(|| format!("{url} leads nowhere"))?,
        })
    }
}

fn host<'a>(url: &'a str, scheme: &str) -> Result<&'a str> {
    if url.contains('@') {
        bail!("a URL with a password is not taken: it would stand in lists of processes");
    }
    let (given, rest) = url
        .split_once("://")
        .with_context(|| format!("{url} is no URL"))?;
    if given == format!("{scheme}s") {
        bail!("{url}: TLS is not spoken here; load what is behind the balancer, over {scheme}://");
    }
    if given != scheme {
        bail!("{url} is not of {scheme}://");
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.is_empty() {
        bail!("{url} names no host");
    }
    Ok(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_url_leads_to_a_host_and_a_port() {
        let there = Address::parse("http://127.0.0.1:8080/shop?x", "http").await;
        let there = there.unwrap();
        assert_eq!(there.host, "127.0.0.1:8080");
        assert_eq!(there.socket, "127.0.0.1:8080".parse().unwrap());
        let there = Address::parse("ws://[::1]/v1/live", "ws").await.unwrap();
        assert_eq!(there.socket, "[::1]:80".parse().unwrap());
    }

    #[test]
    fn what_leads_nowhere_is_said() {
        for (url, why) in [
            ("https://shop.example", "TLS"),
            ("ftp://shop.example", "not of http"),
            ("shop.example", "no URL"),
            ("http:///x", "no host"),
            ("http://me:secret@shop.example", "with a password"),
            ("https://me:secret@shop.example", "with a password"),
        ] {
            let error = host(url, "http").unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("secret"), "{error}");
        }
    }
}
