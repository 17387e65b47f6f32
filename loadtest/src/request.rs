//! The requests that shoppers send, as bytes.

use std::io::Write;

/// Writes the head that all purchases of a sale by somebody begin with; the key follows.
pub(crate) fn purchase_head(host: &str, sale: &str) -> String {
    format!(
        "POST /v1/sales/{sale}/purchases HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
         content-length: 2\r\nauthorization: Bearer "
    )
}

/// Appends who buys and their key to [`purchase_head`], and the body.
pub(crate) fn finish_purchase(request: &mut Vec<u8>, token: &str, key: impl std::fmt::Display) {
    request.extend_from_slice(token.as_bytes());
    // Writing to a Vec cannot fail.
    let _ = write!(request, "\r\nidempotency-key: {key}\r\n\r\n{{}}");
}

/// One unit.
pub(crate) fn purchase(host: &str, sale: &str, token: &str, key: &str) -> Vec<u8> {
    let mut request = purchase_head(host, sale).into_bytes();
    finish_purchase(&mut request, token, key);
    request
}

/// One unit, whose key the ingress makes: the same bytes are a new purchase every time.
pub(crate) fn keyless_purchase(host: &str, sale: &str, token: &str) -> Vec<u8> {
    format!("{}{token}\r\n\r\n{{}}", purchase_head(host, sale)).into_bytes()
}

/// What became of a ticket; the server may hold its answer so long.
pub(crate) fn ticket(host: &str, ticket: &str, wait_s: u64) -> Vec<u8> {
    get(host, &format!("/v1/tickets/{ticket}?wait={wait_s}"), None)
}

/// What somebody holds of a sale.
pub(crate) fn orders(host: &str, sale: &str, token: &str) -> Vec<u8> {
    get(host, &format!("/v1/sales/{sale}/orders/mine"), Some(token))
}

/// Anything that can be asked for.
pub(crate) fn get(host: &str, path: &str, token: Option<&str>) -> Vec<u8> {
    let authorization = token.map_or_else(String::new, |token| {
        format!("authorization: Bearer {token}\r\n")
    });
    format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n{authorization}\r\n").into_bytes()
}

/// A session for somebody without an account.
pub(crate) fn guest(host: &str) -> Vec<u8> {
    format!("POST /v1/sessions/guest HTTP/1.1\r\nhost: {host}\r\ncontent-length: 0\r\n\r\n")
        .into_bytes()
}
