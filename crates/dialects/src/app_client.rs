//! The far end of the second REST interface, for what stands in for an app's backend: the demonstration and the command
//! line. Pure translation: requests as values, no I/O. Source: easemob-rest fact sheet 1, 3.1, 4.1.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ringback_model::app::App;
use serde_json::{Value, json};

use crate::client::{Call, ClientError};

/// A contract of callbacks that belongs to this interface.
pub const CONTRACT: &str = crate::easemob::callbacks::Product::Shengwang.contract();

/// Exchanges the app's credentials for an app token; read it with [`token_of`].
#[must_use]
pub fn token(app: &App, client_id: &str, client_secret: &str) -> Call {
    let body = json!({
        "grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret,
    });
    call(app, "/token", None, &body)
}

/// Sends a text from one user to another, as the app's backend does; read the answer with [`data_of`].
#[must_use]
pub fn send_text(app: &App, token: &str, from: &str, to: &str, text: &str) -> Call {
    let body = json!({"from": from, "to": [to], "type": "txt", "body": {"msg": text}});
    call(app, "/messages/users", Some(token), &body)
}

fn call(app: &App, resource: &str, token: Option<&str>, body: &Value) -> Call {
    let mut headers = vec![("content-type", "application/json".to_owned())];
    headers.extend(token.map(|token| ("authorization", format!("Bearer {token}"))));
    let id = utf8_percent_encode(&app.id, NON_ALPHANUMERIC);
    Call { path: format!("/app-id/{id}{resource}").into(), headers, body: body.to_string().into_bytes() }
}

/// The token in an answer.
///
/// # Errors
/// The server's refusal, or that the bytes are no answer.
pub fn token_of(body: &[u8]) -> Result<String, ClientError> {
    member(body, "access_token")?.as_str().map(str::to_owned).ok_or_else(|| lacks("access_token"))
}

/// The `data` of an answer.
///
/// # Errors
/// As [`token_of`].
pub fn data_of(body: &[u8]) -> Result<Value, ClientError> {
    member(body, "data")
}

fn member(body: &[u8], name: &str) -> Result<Value, ClientError> {
    let mut answer: Value =
        serde_json::from_slice(body).map_err(|error| ClientError::NotUnderstood(error.to_string()))?;
    if let Some(error) = answer.get("error").and_then(Value::as_str) {
        let said = answer.get("error_description").and_then(Value::as_str).unwrap_or_default();
        return Err(ClientError::Unwilling(format!("{error}: {said}")));
    }
    answer.get_mut(name).map(Value::take).ok_or_else(|| lacks(name))
}

fn lacks(name: &str) -> ClientError {
    ClientError::NotUnderstood(format!("it has no {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_name_the_app_and_who_speaks_for_it() {
        let app = App { id: "a b".to_owned(), ..App::default() };
        let call = send_text(&app, "t", "alice", "bob", "hi");
        assert_eq!(call.path, "/app-id/a%20b/messages/users");
        assert!(call.headers.contains(&("authorization", "Bearer t".to_owned())));
        assert!(!token(&app, "i", "s").headers.iter().any(|(name, _)| *name == "authorization"));
    }

    #[test]
    fn answers_are_read_and_refusals_said() {
        assert_eq!(token_of(br#"{"access_token":"t","expires_in":1}"#).unwrap(), "t");
        assert_eq!(data_of(br#"{"data":{"bob":"1"}}"#).unwrap(), json!({"bob": "1"}));
        let refused =
            br#"{"error":"invalid_grant","error_description":"client_id or client_secret is wrong"}"#;
        let error = token_of(refused).unwrap_err().to_string();
        assert!(error.contains("client_secret is wrong"), "{error}");
        assert!(token_of(b"{}").is_err() && token_of(b"<html>").is_err());
    }
}
