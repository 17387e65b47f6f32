//! Email and password, as somebody gives them.

use std::fmt;

use serde::Deserialize;
use thiserror::Error;
use utoipa::ToSchema;

/// Characters of an email: `a@b`, and what SMTP can deliver to (RFC 5321, 4.5.3.1.3, less the brackets).
const EMAIL_CHARS: std::ops::RangeInclusive<usize> = 3..=254;

/// Shortest password, in bytes of UTF-8: NIST SP 800-63B, 3.1.1.2.
const PASSWORD_BYTES_MIN: usize = 8;

/// Longest password, in bytes of UTF-8: room for any passphrase, and an end to what is hashed.
const PASSWORD_BYTES_MAX: usize = 256;

/// The body of signing in, and of making an account. Never printed: there is no `Debug`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    /// ASCII; capital letters and spaces around it do not count.
    #[schema(
        min_length = 3,
        max_length = 254,
        pattern = "^ *[!-?A-~]+@[!-?A-~]+ *$",
        example = "ada@example.org"
    )]
    email: String,
    /// 8 to 256 bytes of UTF-8.
    #[schema(format = Password, min_length = 2, max_length = 256)]
    password: String,
}

/// What is wrong with an email or a password; never repeats either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum NoCredentials {
    #[error(
        "an email has 3 to 254 ASCII characters, one @ with something on both sides, and no spaces"
    )]
    Email,
    #[error("a password has 8 to 256 bytes of UTF-8")]
    Password,
}

/// An email in lower case: what accounts are known by.
///
/// ASCII alone, since what counts as lower case elsewhere is not the same here and in Postgres, and two
/// accounts must not look alike.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Email(String);

/// A password of an allowed length. Prints as `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Password(String);

impl Credentials {
    /// For a new account.
    pub(crate) fn for_new_account(self) -> Result<(Email, Password), NoCredentials> {
        Ok((self.email.parse()?, Password::new(self.password)?))
    }

    /// For an account that may be older than today's rules: only what is hashed is bounded.
    pub(crate) fn for_sign_in(self) -> Result<(Email, Password), NoCredentials> {
        let password = Password(self.password);
        if password.0.len() > PASSWORD_BYTES_MAX {
            return Err(NoCredentials::Password);
        }
        Ok((self.email.parse()?, password))
    }
}

impl Email {
    /// In lower case.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Email {
    type Err = NoCredentials;

    fn from_str(given: &str) -> Result<Self, NoCredentials> {
        let email = given.trim().to_ascii_lowercase();
        let is_printable = email.bytes().all(|byte| byte.is_ascii_graphic());
        let has_both_sides = email.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && !host.is_empty() && !host.contains('@')
        });
        match is_printable && has_both_sides && EMAIL_CHARS.contains(&email.len()) {
            true => Ok(Self(email)),
            false => Err(NoCredentials::Email),
        }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Password {
    /// A password for a new account.
    pub(crate) fn new(password: String) -> Result<Self, NoCredentials> {
        match (PASSWORD_BYTES_MIN..=PASSWORD_BYTES_MAX).contains(&password.len()) {
            true => Ok(Self(password)),
            false => Err(NoCredentials::Password),
        }
    }

    /// What is hashed: as it was given, nothing trimmed or folded.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_is_trimmed_and_in_lower_case() {
        let email: Email = "  Ada@Example.ORG\n".parse().unwrap();
        assert_eq!(email.as_str(), "ada@example.org");
        assert!("a@b".parse::<Email>().is_ok());
        let longest = format!("{}@b", "a".repeat(252));
        assert!(longest.parse::<Email>().is_ok());
    }

    #[test]
    fn what_is_no_email_is_refused() {
        let too_long = format!("{}@b", "a".repeat(253));
        let wrong = [
            "", "@", "a@", "@b", "ab", "a@b@c", "@@@", "a b@c", "a@b\0c", "ä@b.de", &too_long,
        ];
        for email in wrong {
            assert_eq!(
                email.parse::<Email>(),
                Err(NoCredentials::Email),
                "{email:?}"
            );
        }
    }

    #[test]
    fn a_password_is_measured_in_bytes() {
        let allowed = |password: &str| Password::new(password.to_owned()).is_ok();
        assert!(!allowed("1234567") && allowed("12345678"));
        assert!(allowed("ää34ää"), "six letters, ten bytes");
        assert!(allowed(&"x".repeat(256)) && !allowed(&"x".repeat(257)));
    }

    #[test]
    fn a_password_does_not_print() {
        let password = Password::new("hunter2 hunter2".to_owned()).unwrap();
        assert_eq!(format!("{password:?}"), "[redacted]");
    }
}
