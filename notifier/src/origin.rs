use std::str::FromStr;

/// Which pages may open a WebSocket here.
///
/// Browsers send a page's cookies along with a WebSocket to any host and leave it to the server to
/// look at `Origin`. Tickets are capabilities and no cookie is read here, so this is the second
/// line of defence: it keeps other sites from using this service through their visitors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Every page of every site.
    Any,
    /// Pages of these origins only, in the form browsers send: `https://shop.example`.
    Listed(Vec<String>),
}

impl Origins {
    /// Whether a page of `origin` may connect. A browser always names one; a missing `Origin` is
    /// another kind of client, which could name any.
    pub fn allow(&self, origin: Option<&[u8]>) -> bool {
        match (self, origin) {
            (Self::Any, _) | (_, None) => true,
            (Self::Listed(allowed), Some(origin)) => allowed
                .iter()
                .any(|allowed| allowed.as_bytes().eq_ignore_ascii_case(origin)),
        }
    }
}

impl FromStr for Origins {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim() == "*" {
            return Ok(Self::Any);
        }
        text.split(',')
            .map(str::trim)
            .filter(|origin| !origin.is_empty())
            .map(parse)
            .collect::<Result<_, _>>()
            .map(Self::Listed)
    }
}

/// Catches what would never match: a path, a trailing slash, a bare host, `*` among others.
fn parse(origin: &str) -> Result<String, String> {
    let host = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"))
        .unwrap_or_default();
    if host.is_empty() || host.contains(['/', '*', '?', '#', '@', ' ']) {
        return Err(format!(
            "{origin:?} is not an origin such as https://shop.example or http://localhost:8080"
        ));
    }
    Ok(origin.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &str) -> Origins {
        text.parse().unwrap()
    }

    #[test]
    fn only_listed_pages_may_connect() {
        let origins = given("https://shop.example, http://localhost:8080");
        assert!(origins.allow(Some(b"https://shop.example")));
        assert!(origins.allow(Some(b"HTTP://localhost:8080")));
        for other in [
            "https://shop.example.evil",
            "http://shop.example",
            "http://localhost",
            "null",
            "",
        ] {
            assert!(!origins.allow(Some(other.as_bytes())), "{other}");
        }
    }

    #[test]
    fn clients_that_are_no_browser_name_no_page() {
        assert!(given("https://shop.example").allow(None));
    }

    #[test]
    fn a_star_allows_every_page() {
        assert!(given("*").allow(Some(b"https://anywhere.example")));
        assert!(given("*").allow(Some(b"null")));
    }

    #[test]
    fn what_could_never_match_is_refused() {
        for wrong in [
            "shop.example",
            "https://shop.example/",
            "https://*.example",
            "https://a.example,*",
            "https://",
            "ftp://shop.example",
        ] {
            assert!(wrong.parse::<Origins>().is_err(), "{wrong}");
        }
    }
}
