//! The app that this server runs: who it is, and what proves that a caller speaks for it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Names of the app, as callers write them into paths. Settings `app.id`, `app.org`, `app.name`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// One word for all of it.
    pub id: String,
    /// The organisation that it belongs to.
    pub org: String,
    /// Its name in the organisation.
    pub name: String,
}

impl App {
    /// `org#name`, the app's key in callbacks and tokens.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}#{}", self.org, self.name)
    }
}

impl Default for App {
    fn default() -> Self {
        Self { id: "ringback".to_owned(), org: "ringback".to_owned(), name: "im".to_owned() }
    }
}

/// What proves that a caller speaks for the app, besides the server's own secret. Never printed. Settings
/// `app.certificate`, `app.client_id`, `app.client_secret`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AppKeys {
    /// Signs the tokens that an app's backend builds by itself; `None` = such tokens are not taken.
    pub certificate: Option<String>,
    /// With [`AppKeys::client_secret`]: what is exchanged for an app token; `None` = nothing is.
    pub client_id: Option<String>,
    /// See [`AppKeys::client_id`].
    pub client_secret: Option<String>,
}

impl fmt::Debug for AppKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppKeys(***)")
    }
}
