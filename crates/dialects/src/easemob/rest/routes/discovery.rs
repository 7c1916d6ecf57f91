//! Where clients find the server. Source: easemob-rest fact sheet 15.

use ringback_model::dialect::Method::Get;

use super::Shape::Bare;
use super::{Entry, Topic, entry};
use crate::easemob::rest::discovery;
use crate::openapi::schema_of;

const HERE: (Topic, &str) = (Topic::Discovery, "/easemob/server.json");

const APP_KEY: &[(&str, &str)] = &[("app_key", "Organization and name of the app, with `#` between them.")];

#[rustfmt::skip]
pub(super) static ROUTES: &[Entry] = &[
    entry(Get, &["/easemob/server.json"], HERE, (discovery::read, discovery::answer), Bare(schema_of::<discovery::Servers<'_>>),
        "Where clients of the app go: this server, by the name that the caller knows").asks(APP_KEY).free(),
];
