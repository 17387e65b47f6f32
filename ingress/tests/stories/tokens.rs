//! Tokens made by hand, with the right key or without, the way somebody would who wants in.

use anyhow::Result;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};

/// Seconds since the Unix epoch at which a session of these tests ends: the year 2100.
pub(crate) const FAR: i64 = 4_102_444_800;

/// What a good token of a shopper says.
pub(crate) fn claims() -> Value {
    json!({
        "jti": uuid::Uuid::new_v4(), "sub": uuid::Uuid::new_v4(), "role": "shopper", "exp": FAR,
    })
}

/// The claims, or others, changed in one.
pub(crate) fn but(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

/// The claims without one.
pub(crate) fn without(mut claims: Value, name: &str) -> Value {
    claims.as_object_mut().map(|claims| claims.remove(name));
    claims
}

/// A token signed by HS256 with a key of 64 hex digits: what the ingress makes.
pub(crate) fn hs256(key: &str, claims: &Value) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&bytes(key)?)?;
    let signed = unsigned("HS256", claims);
    mac.update(signed.as_bytes());
    Ok(format!(
        "{signed}.{}",
        base64url(&mac.finalize().into_bytes())
    ))
}

/// The same by HS512.
pub(crate) fn hs512(key: &str, claims: &Value) -> Result<String> {
    let mut mac = Hmac::<Sha512>::new_from_slice(&bytes(key)?)?;
    let signed = unsigned("HS512", claims);
    mac.update(signed.as_bytes());
    Ok(format!(
        "{signed}.{}",
        base64url(&mac.finalize().into_bytes())
    ))
}

/// A token that says it needs no signature.
pub(crate) fn none(claims: &Value) -> String {
    format!("{}.", unsigned("none", claims))
}

fn unsigned(algorithm: &str, claims: &Value) -> String {
    let header = json!({ "typ": "JWT", "alg": algorithm }).to_string();
    let claims = claims.to_string();
    format!(
        "{}.{}",
        base64url(header.as_bytes()),
        base64url(claims.as_bytes())
    )
}

fn bytes(hex: &str) -> Result<Vec<u8>> {
    (0..hex.len() / 2)
        .map(|index| Ok(u8::from_str_radix(&hex[2 * index..2 * index + 2], 16)?))
        .collect()
}

/// RFC 4648, 5, without padding.
fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let mut bits = [0; 4];
        bits[1..=three.len()].copy_from_slice(three);
        let bits = u32::from_be_bytes(bits);
        for digit in 0..=three.len() {
            let index = bits >> (18 - 6 * digit) & 63;
            text.push(char::from(DIGITS[index as usize]));
        }
    }
    text
}
