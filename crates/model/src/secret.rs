//! Texts that must not be seen: passwords, secrets, tokens.

use std::fmt;

/// A text that does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether somebody else's text is this one, in a time that does not tell how much of it is.
    #[must_use]
    pub fn is(&self, other: &str) -> bool {
        let (mine, other) = (self.0.as_bytes(), other.as_bytes());
        let differences = mine.iter().zip(other).fold(0, |all, (one, other)| all | (one ^ other));
        std::hint::black_box(differences) == 0 && mine.len() == other.len()
    }

    /// The text itself, for whoever keeps it.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use crate::command::{Account, Command, Outcome};
    use crate::commit::Write;
    use crate::dialect::{EdgeRequest, Hello, Method, Opening, Wire};
    use crate::ids::UserId;
    use crate::time::UnixMs;
    use crate::user::{AccountLevel, Platform, Standing, User};

    #[test]
    fn a_secret_is_only_itself() {
        let secret = super::Secret::from("hush");
        for (text, same) in [("hush", true), ("hus", false), ("hushh", false), ("Hush", false), ("", false)] {
            assert_eq!(secret.is(text), same, "{text}");
        }
        assert!(super::Secret::from("").is(""));
    }

    /// Whatever carries one through the server can be printed without showing it.
    #[test]
    fn nothing_prints_a_secret() {
        let id = UserId::parse("ann").unwrap();
        let user = User {
            id: id.clone(),
            nickname: String::new(),
            face_url: String::new(),
            ex: String::new(),
            created_at: UnixMs(0),
            level: AccountLevel::ORDINARY,
            receive_option: 0,
            standing: Standing::default(),
        };
        let account = Account { user, password: Some("hush".into()) };
        let opening =
            Opening { operation_id: String::new(), token: Some("hush".into()), token_optional: false };
        let hello = Hello {
            user: id.clone(),
            token: "hush".into(),
            platform: Platform::WEB,
            operation_id: String::new(),
            background: false,
            version: String::new(),
            wire: Wire(0),
            wants_pings: false,
        };
        let request = EdgeRequest {
            route: "",
            method: Method::Post,
            path: String::new(),
            params: Vec::new(),
            query: vec![("token".to_owned(), "hush".to_owned())],
            headers: vec![("authorization".to_owned(), "hush".to_owned())],
            body: b"hush".to_vec(),
            file: None,
            at: UnixMs(0),
            secure: false,
        };
        let printed = [
            format!("{:?}", Command::AdminToken { secret: "hush".into(), user: id.clone() }),
            format!(
                "{:?}",
                Command::AppToken { client_id: String::new(), client_secret: "hush".into(), ttl_s: None }
            ),
            format!("{:?}", Write::PutPassword { user: id.clone(), hash: "hush".into() }),
            format!("{:?}", Command::PasswordToken { user: id, password: "hush".into(), ttl_s: None }),
            format!("{:?}", Command::ParseToken { token: "hush".into() }),
            format!("{:?}", Command::RegisterAccounts { accounts: vec![account] }),
            format!("{:?}", Outcome::Token { text: "hush".into(), valid_s: 0 }),
            format!(
                "{:?}",
                Outcome::Login { text: "hush".into(), expires_at: UnixMs(0), valid_s: 0, user: None }
            ),
            format!("{opening:?}"),
            format!("{hello:?}"),
            format!("{request:?}"),
        ];
        let bytes = format!("{:?}", b"hush");
        for text in printed {
            assert!(!text.contains("hush") && !text.contains(bytes.trim_matches(['[', ']'])), "{text}");
        }
    }
}
