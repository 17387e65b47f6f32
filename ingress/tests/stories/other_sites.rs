//! What a page of another site can make a browser send, cookie and all.

use anyhow::{Context, Result};
use devstack::Http;

use crate::request::is_problem;
use crate::shop::Shop;

/// What a browser says of where a request comes from.
type Said<'a> = &'a [(&'a str, &'a str)];

const OTHERS: [(&str, Said<'_>); 5] = [
    ("another site", &[("sec-fetch-site", "cross-site")]),
    ("a neighbour's host", &[("sec-fetch-site", "same-site")]),
    ("an old browser", &[("origin", "https://evil.example")]),
    ("a page without an origin", &[("origin", "null")]),
    (
        "another site that knows our name",
        &[
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
        ],
    ),
];

#[tokio::test]
async fn a_page_of_another_site_changes_nothing() -> Result<()> {
    // Given: a browser with a session's cookie.
    let shop = Shop::selling(1).await?;
    let http = Http::new();
    let url = |path: &str| format!("{}{path}", shop.doors[0]);
    let send = async |method: &str, path: &str, headers: Said<'_>| {
        let body = b"{}".to_vec();
        http.send_bytes(method.parse()?, &url(path), headers, body)
            .await
    };
    let begun = send("POST", "/v1/sessions/guest", &[]).await?;
    let cookie = begun.header("set-cookie").context("no cookie")?;
    let cookie = cookie.split(';').next().context("an empty cookie")?;
    let known = [("cookie", cookie), ("content-type", "application/json")];
    let buy = format!("/v1/sales/{}/purchases", shop.sale);

    // When, then: whatever another site makes it send is refused.
    for (name, said) in OTHERS {
        let headers = [&known, said].concat();
        for (method, path) in [
            ("POST", &*buy),
            ("POST", "/v1/sessions/guest"),
            ("POST", "/v1/sessions"),
            ("POST", "/v1/accounts"),
            ("DELETE", "/v1/sessions"),
        ] {
            let refused = send(method, path, &headers).await?;
            is_problem(name, &refused, (403, "forbidden"));
            assert_eq!(refused.header("set-cookie"), None, "{name}: {path}");
        }
        let looked = send("GET", "/v1/sessions/mine", &headers).await?;
        assert_eq!(looked.status, 200, "{name}: reading changes nothing");
    }
    assert_eq!(shop.records().await?, 1, "nothing but its opening");

    // And: our own page may, and so may programs.
    let host = shop.doors[0].trim_start_matches("http://");
    let (own, capitals) = (format!("http://{host}"), format!("HTTP://{host}"));
    for said in [
        &[("sec-fetch-site", "same-origin"), ("origin", &*own)][..],
        &[("sec-fetch-site", "none")],
        &[("origin", &*own)],
        &[("origin", &*capitals)],
        &[],
    ] {
        let begun = send("POST", "/v1/sessions/guest", said).await?;
        assert_eq!(begun.status, 201, "{said:?}");
    }
    shop.stack.stop().await
}
