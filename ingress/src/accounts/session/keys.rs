//! The keys of sessions, and the one algorithm they are used with.
//!
//! The token library is given a provider that knows HS256 and nothing else. Another algorithm,
//! `none` included, is not refused by a check that could be forgotten: it is not there.

use anyhow::Context;
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use sha2::Sha256;

use super::Claims;

/// The keys that sign and verify sessions.
#[derive(Clone)]
pub(crate) struct SessionKeys {
    signing: EncodingKey,
    verifying: Vec<DecodingKey>,
    validation: Validation,
}

impl SessionKeys {
    /// Reads a list of keys, 64 hex digits each, the signing one first.
    pub(crate) fn parse(list: &str) -> anyhow::Result<Self> {
        install_hs256();
        let keys = list
            .split(',')
            .map(|key| hex_key(key.trim()))
            .collect::<Option<Vec<_>>>()
            .context("a session key is 64 hex digits (32 random bytes)")?;
        let first = keys.first().context("at least one session key is needed")?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        Ok(Self {
            signing: EncodingKey::from_secret(first),
            verifying: keys
                .iter()
                .map(|key| DecodingKey::from_secret(key))
                .collect(),
            validation,
        })
    }

    /// Makes the token of a session.
    pub(crate) fn sign(&self, claims: &Claims) -> anyhow::Result<String> {
        Ok(jsonwebtoken::encode(
            &Header::new(Algorithm::HS256),
            claims,
            &self.signing,
        )?)
    }

    /// What a token says, if one of the keys signed it and it has not expired.
    pub(crate) fn verify(&self, token: &str) -> Option<Claims> {
        self.verifying.iter().find_map(|key| {
            jsonwebtoken::decode(token, key, &self.validation)
                .ok()
                .map(|token| token.claims)
        })
    }
}

fn hex_key(text: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(key)
}

struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new(secret: &[u8]) -> Result<Self, Error> {
        let mac = Hmac::new_from_slice(secret).map_err(|_| ErrorKind::InvalidKeyFormat)?;
        Ok(Self(mac))
    }

    fn only(algorithm: &Algorithm) -> Result<(), Error> {
        match algorithm {
            Algorithm::HS256 => Ok(()),
            _ => Err(ErrorKind::InvalidAlgorithm.into()),
        }
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        let mut mac = self.0.clone();
        mac.update(message);
        Ok(mac.finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], given: &Vec<u8>) -> Result<(), signature::Error> {
        let mut mac = self.0.clone();
        mac.update(message);
        // Compares in constant time.
        mac.verify_slice(given).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

fn install_hs256() {
    static ONLY_HS256: CryptoProvider = CryptoProvider {
        signer_factory: |algorithm, key| {
            Hs256::only(algorithm)?;
            Ok(Box::new(Hs256::new(key.as_bytes())?))
        },
        verifier_factory: |algorithm, key| {
            Hs256::only(algorithm)?;
            Ok(Box::new(Hs256::new(key.try_get_as_bytes()?)?))
        },
        key_utils: KeyUtils::new_unimplemented(),
    };
    // Fails when it is installed already, which is just as well.
    let _ = ONLY_HS256.install_default();
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::accounts::session::Role;

    const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const OTHER: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const FAR: i64 = 4_102_444_800;

    fn claims(exp: i64) -> Claims {
        Claims {
            jti: Uuid::from_u128(3),
            sub: Uuid::from_u128(7),
            role: Role::Shopper,
            email: None,
            name: None,
            exp,
        }
    }

    #[test]
    fn a_session_is_verified_by_the_key_that_signed_it() {
        let token = SessionKeys::parse(KEY).unwrap().sign(&claims(FAR)).unwrap();
        let verify = |keys: &str| SessionKeys::parse(keys).unwrap().verify(&token);
        assert_eq!(verify(KEY), Some(claims(FAR)));
        assert_eq!(verify(OTHER), None);
        assert_eq!(
            verify(&format!("{OTHER},{KEY}")),
            Some(claims(FAR)),
            "rotated"
        );
    }

    #[test]
    fn an_expired_session_is_refused() {
        let keys = SessionKeys::parse(KEY).unwrap();
        let token = keys.sign(&claims(1)).unwrap();
        assert_eq!(keys.verify(&token), None);
    }

    #[test]
    fn unsigned_and_foreign_algorithms_are_refused() {
        let keys = SessionKeys::parse(KEY).unwrap();
        let token = keys.sign(&claims(FAR)).unwrap();
        let body = token.split('.').nth(1).unwrap();
        // {"alg":"none"} and {"alg":"HS512"}, each in base64url.
        for header in ["eyJhbGciOiJub25lIn0", "eyJhbGciOiJIUzUxMiJ9"] {
            let signature = token.split('.').nth(2).unwrap();
            assert_eq!(keys.verify(&format!("{header}.{body}.")), None);
            assert_eq!(keys.verify(&format!("{header}.{body}.{signature}")), None);
        }
    }
}
