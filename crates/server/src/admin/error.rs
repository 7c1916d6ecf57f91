//! What the API answers when it does not do what was asked.

use http::StatusCode;
use http::header::{ALLOW, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use ringback_callbacks::ReplayError;
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::limits;
use schemars::JsonSchema;
use serde::Serialize;

use crate::rules::DeskError;
use crate::rules::draft::FieldError;

/// An answer that is an error.
#[derive(Debug, Clone)]
pub(super) struct ApiError {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) details: Vec<FieldError>,
    pub(super) header: Option<Box<(HeaderName, String)>>,
}

/// The body of every answer that is an error.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub(super) struct ErrorBody<'a> {
    /// What went wrong.
    error: ErrorView<'a>,
}

/// What went wrong.
#[derive(Debug, Serialize, JsonSchema)]
struct ErrorView<'a> {
    /// A word for programs.
    code: &'a str,
    /// A sentence for people.
    message: &'a str,
    /// What is wrong with which field.
    details: Vec<DetailView<'a>>,
}

/// What is wrong with one field.
#[derive(Debug, Serialize, JsonSchema)]
struct DetailView<'a> {
    /// Which; empty = the request as a whole.
    field: &'a str,
    /// A clause that follows the field's name.
    message: &'a str,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: Vec::new(), header: None }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// A bad request because of these fields.
    pub(super) fn fields(message: &str, mut details: Vec<FieldError>) -> Self {
        let more = details.len().saturating_sub(limits::ADMIN_DETAILS);
        if more > 0 {
            details.truncate(limits::ADMIN_DETAILS);
            details.push(FieldError::new("", format!("has {more} more fields that cannot be used")));
        }
        Self { details, ..Self::new(StatusCode::BAD_REQUEST, "invalid_field", message) }
    }

    pub(super) fn field(name: &str, what: impl Into<String>) -> Self {
        Self::fields("a field cannot be used", vec![FieldError::new(name, what)])
    }

    pub(super) fn unauthorized(message: impl Into<String>) -> Self {
        let challenge = Box::new((WWW_AUTHENTICATE, "Bearer".to_owned()));
        let error = Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message);
        Self { header: Some(challenge), ..error }
    }

    pub(super) fn method(allowed: &str) -> Self {
        let message = format!("this path takes {allowed}");
        let error = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message);
        Self { header: Some(Box::new((ALLOW, allowed.to_owned()))), ..error }
    }

    pub(super) fn busy(message: &str) -> Self {
        let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message);
        Self { header: Some(Box::new((RETRY_AFTER, "1".to_owned()))), ..error }
    }

    /// Something of ours: logged here, told without its cause.
    pub(super) fn internal(what: &dyn std::fmt::Display) -> Self {
        metrics::counter!("ringback_faults_total", "route" => super::ROOT).increment(1);
        tracing::error!(error = %what, "an administrator's request ran into a fault");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the server could not do it; its log says why",
        )
    }

    pub(super) fn body(&self) -> ErrorBody<'_> {
        let details = self.details.iter().map(|it| DetailView { field: &it.field, message: &it.message });
        ErrorBody { error: ErrorView { code: self.code, message: &self.message, details: details.collect() } }
    }
}

impl From<Fault> for ApiError {
    fn from(fault: Fault) -> Self {
        Self::internal(&fault)
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => refusal.into(),
            Failure::Fault(fault) => fault.into(),
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let Refusal { code, detail } = refusal;
        match code {
            RefusalCode::NotFound => Self::new(StatusCode::NOT_FOUND, "not_found", detail),
            RefusalCode::NoPermission => Self::new(StatusCode::FORBIDDEN, "forbidden", detail),
            RefusalCode::StorageOff => Self::new(StatusCode::FORBIDDEN, "storage_off", detail),
            RefusalCode::Overloaded | RefusalCode::ShuttingDown => Self::busy(&detail),
            RefusalCode::StorageFull => Self::new(StatusCode::SERVICE_UNAVAILABLE, "storage_full", detail),
            _ => Self::bad_request(detail),
        }
    }
}

impl From<ReplayError> for ApiError {
    fn from(error: ReplayError) -> Self {
        let message = error.to_string();
        match error {
            ReplayError::Invalid { field, text } => Self::field(field, text),
            ReplayError::UnknownRule(_) | ReplayError::NotFound(_) => {
                Self::new(StatusCode::NOT_FOUND, "not_found", message)
            }
            ReplayError::Running(_) => Self::new(StatusCode::CONFLICT, "running", message),
            ReplayError::Banned => Self::new(StatusCode::CONFLICT, "banned", message),
            ReplayError::Over { .. } => Self::new(StatusCode::CONFLICT, "over", message),
            ReplayError::Full | ReplayError::ShuttingDown => Self::busy(&message),
            ReplayError::Fault(fault) => fault.into(),
        }
    }
}

impl From<DeskError> for ApiError {
    fn from(error: DeskError) -> Self {
        let message = error.to_string();
        match error {
            DeskError::NotFound(_) => Self::new(StatusCode::NOT_FOUND, "not_found", message),
            DeskError::Invalid(details) => {
                Self::fields("the request has fields that cannot be used", details)
            }
            DeskError::NameTaken(_) => Self {
                details: vec![FieldError::new("name", "is another rule's already")],
                ..Self::new(StatusCode::CONFLICT, "name_taken", message)
            },
            DeskError::TooMany(_) => Self::new(StatusCode::FORBIDDEN, "too_many_rules", message),
            DeskError::ReadOnly { .. } => Self::new(StatusCode::CONFLICT, "read_only", message),
            DeskError::Stale(_) => Self::new(StatusCode::PRECONDITION_FAILED, "stale", message),
            DeskError::Refused(_) => Self::new(StatusCode::BAD_REQUEST, "invalid_rule", message),
            DeskError::Fault(fault) => fault.into(),
        }
    }
}
