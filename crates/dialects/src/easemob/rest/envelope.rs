//! The envelope of answers. Source: easemob-rest fact sheet 2.1, 2.2; document 003 for the order of its members.

use std::collections::BTreeMap;

use ringback_model::dialect::Reply;
use ringback_model::time::UnixMs;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::problem::Problem;
use super::{Asked, address};

/// What a route answers.
pub(super) enum Answer {
    /// In the envelope.
    Enveloped(Contents),
    /// As it is: tokens.
    Bare(Box<RawValue>),
}

/// What stands in the envelope besides what every answer has.
#[derive(Default)]
pub(super) struct Contents {
    entities: Option<Box<RawValue>>,
    data: Option<Box<RawValue>>,
    count: Option<usize>,
    /// How many items there are on all pages.
    total: Option<usize>,
    params: Option<BTreeMap<&'static str, [String; 1]>>,
    /// `organization`, `application` and `applicationName` are left out.
    nameless: bool,
    /// Instead of the request's method.
    action: Option<&'static str>,
    /// Instead of the route's.
    path: Option<String>,
    /// Where the page ended, where there are more.
    cursor: Option<String>,
    status: Option<&'static str>,
    /// Where the cursor of pages of threads stands.
    properties: Option<BTreeMap<&'static str, String>>,
}

impl Contents {
    pub(super) fn entities(list: &[impl Serialize]) -> Self {
        Self { entities: to_raw_value(list).ok(), ..Self::default() }
    }

    pub(super) fn data(data: &impl Serialize) -> Self {
        Self { data: to_raw_value(data).ok(), ..Self::default() }
    }

    pub(super) fn with_data(self, data: &impl Serialize) -> Self {
        Self { data: to_raw_value(data).ok(), ..self }
    }

    /// With the empty list of entities that answers about groups and rooms carry.
    pub(super) fn without_entities(self) -> Self {
        let none: [(); 0] = [];
        Self { entities: to_raw_value(&none).ok(), ..self }
    }

    pub(super) fn with_count(self, count: usize) -> Self {
        Self { count: Some(count), ..self }
    }

    pub(super) fn with_total(self, total: usize) -> Self {
        Self { total: Some(total), ..self }
    }

    pub(super) fn with_params(self, params: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let params = params.into_iter().map(|(name, value)| (name, [value])).collect();
        Self { params: Some(params), ..self }
    }

    pub(super) fn nameless(self, nameless: bool) -> Self {
        Self { nameless, ..self }
    }

    pub(super) fn with_action(self, action: &'static str) -> Self {
        Self { action: Some(action), ..self }
    }

    pub(super) fn with_path(self, path: String) -> Self {
        Self { path: Some(path), ..self }
    }

    /// `None` on the last page.
    pub(super) fn with_cursor(self, cursor: Option<String>) -> Self {
        Self { cursor, ..self }
    }

    /// The same, where the cursor stands in `properties`.
    pub(super) fn with_properties(self, cursor: Option<String>) -> Self {
        let properties = cursor.map(|cursor| ("cursor", cursor)).into_iter().collect();
        Self { properties: Some(properties), ..self }
    }

    pub(super) fn with_status(self, status: &'static str) -> Self {
        Self { status: Some(status), ..self }
    }

    pub(super) fn answer(self) -> Answer {
        Answer::Enveloped(self)
    }
}

/// The envelope of a successful answer.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Envelope")]
pub(super) struct Envelope<'a> {
    /// The resource.
    path: &'a str,
    /// The full address, always with the names of organization and app.
    uri: &'a str,
    /// When the answer was given, milliseconds since 1970.
    timestamp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<&'a str>,
    /// A UUID that stands for the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    application: Option<&'a str>,
    action: &'a str,
    /// Query parameters, each as a list of texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<&'a BTreeMap<&'static str, [String; 1]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<serde_json::Value>>")]
    entities: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    data: Option<&'a RawValue>,
    /// How many items the answer holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    /// How many there are on all pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<usize>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    /// `cursor`: where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<&'a BTreeMap<&'static str, String>>,
    /// How long it took, milliseconds.
    duration: i64,
    #[serde(rename = "applicationName", skip_serializing_if = "Option::is_none")]
    application_name: Option<&'a str>,
}

/// The envelope of an error.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub(super) struct ErrorEnvelope<'a> {
    /// Short name of what is wrong.
    error: &'a str,
    exception: &'a str,
    /// When the answer was given, milliseconds since 1970.
    timestamp: i64,
    /// How long it took, milliseconds.
    duration: i64,
    /// What exactly is wrong.
    error_description: &'a str,
}

pub(super) fn success(asked: &Asked<'_>, path: &str, answer: &Answer, now: UnixMs) -> Reply {
    let contents = match answer {
        Answer::Bare(body) => return reply(200, body.get().as_bytes().to_vec()),
        Answer::Enveloped(contents) => contents,
    };
    let app = asked.app;
    let named = |name| (!contents.nameless).then_some(name);
    write(
        200,
        &Envelope {
            path: contents.path.as_deref().unwrap_or(path),
            uri: &address::uri(asked.request, app),
            timestamp: now.0,
            organization: named(app.org.as_str()),
            application: named(asked.application),
            action: contents.action.unwrap_or_else(|| asked.request.method.name()),
            params: contents.params.as_ref(),
            entities: contents.entities.as_deref(),
            data: contents.data.as_deref(),
            count: contents.count,
            total: contents.total,
            cursor: contents.cursor.as_deref(),
            status: contents.status,
            properties: contents.properties.as_ref(),
            duration: took_ms(asked, now),
            application_name: named(app.name.as_str()),
        },
    )
}

pub(super) fn failure(asked: &Asked<'_>, problem: &Problem, now: UnixMs) -> Reply {
    write(
        problem.kind.status,
        &ErrorEnvelope {
            error: problem.kind.error,
            exception: problem.kind.exception,
            timestamp: now.0,
            duration: took_ms(asked, now),
            error_description: &problem.text,
        },
    )
}

fn took_ms(asked: &Asked<'_>, now: UnixMs) -> i64 {
    i64::try_from(now.since(asked.request.at).as_millis()).unwrap_or(i64::MAX)
}

fn write(status: u16, body: &impl Serialize) -> Reply {
    reply(status, serde_json::to_vec(body).unwrap_or_default())
}

fn reply(status: u16, body: Vec<u8>) -> Reply {
    Reply { status, headers: vec![("content-type", "application/json".into())], body }
}
