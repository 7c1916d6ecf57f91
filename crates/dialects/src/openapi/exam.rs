//! What every description must pass: it is well-formed, it describes the routes and nothing else, and what it says
//! about requests is what happens to them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use ringback_model::command::Actor;
use ringback_model::dialect::{Edge, EdgeRequest, Method, Reply};
use ringback_model::file::ReceivedFile;
use ringback_model::ids::UserId;
use ringback_model::time::UnixMs;
use ringback_model::user::Platform;
use serde_json::{Map, Value, json};

use super::{in_path, validate};

/// One method of one path, as the document has it.
struct Described<'a> {
    document: &'a Value,
    path: &'static str,
    method: Method,
    operation: &'a Value,
}

/// All of it.
pub(crate) fn check(edge: &dyn Edge) {
    let document = edge.openapi();
    check_head(&document);
    check_references(&document);
    let all = operations(edge, &document);
    let ids: BTreeSet<_> = all.iter().map(|one| text(one.operation, "operationId")).collect();
    assert_eq!(ids.len(), all.len(), "operationIds are unique");
    for one in &all {
        one.check_form();
        one.check_headers_and_queries(edge);
        one.check_bodies(edge);
    }
}

/// What an edge answers must be what the document says. What met no route is no operation: nothing is said of it.
pub(crate) fn check_reply(edge: &dyn Edge, request: &EdgeRequest, reply: &Reply) {
    if request.route.is_empty() {
        return;
    }
    let document = document_of(edge);
    let all = operations(edge, &document);
    let Some(one) = all.iter().find(|one| one.method == request.method && one.path == request.route) else {
        panic!("{} is not described", request.route);
    };
    let told = serde_json::from_slice(&reply.body).unwrap();
    let fits = validate::fits(&document, one.answer_schema(reply.status), &told);
    assert_eq!(fits, Ok(()), "{} {}: {told}", one.name(), reply.status);
}

/// The description of an edge, made once: there are thousands of answers to check. Edges are told apart by their routes.
fn document_of(edge: &dyn Edge) -> Arc<Value> {
    static MADE: Mutex<BTreeMap<usize, Arc<Value>>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(made.entry(edge.routes().as_ptr().addr()).or_insert_with(|| Arc::new(edge.openapi())))
}

fn check_head(document: &Value) {
    assert_eq!(document["openapi"], "3.1.0");
    for place in ["/info/title", "/info/version", "/info/description", "/servers/0/url"] {
        let text = document.pointer(place).and_then(Value::as_str).expect(place);
        assert!(!text.is_empty(), "{place}");
    }
    let known = ["openapi", "info", "servers", "tags", "paths", "components"];
    assert!(document.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())));
    let tags: BTreeSet<_> = items(document, "tags").iter().map(|tag| text(tag, "name")).collect();
    let used: BTreeSet<_> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|path| path.as_object().unwrap().values())
        .map(|operation| operation["tags"][0].as_str().unwrap())
        .collect();
    assert_eq!(tags, used, "tags that are described, and tags that are used");
}

/// Every reference leads somewhere, and whatever is there to be referred to is.
fn check_references(document: &Value) {
    let mut referred = BTreeSet::new();
    references(document, &mut referred);
    let mut there = BTreeSet::new();
    for kind in ["schemas", "requestBodies", "responses"] {
        for name in document["components"][kind].as_object().into_iter().flat_map(Map::keys) {
            assert!(!name.ends_with(|last: char| last.is_ascii_digit()), "{name}: two types of one name");
            there.insert(format!("#/components/{kind}/{name}"));
        }
    }
    assert_eq!(referred, there, "what is referred to, and what is there");
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// All operations of the document, which are the routes of the edge, no more and no fewer.
fn operations<'a>(edge: &dyn Edge, document: &'a Value) -> Vec<Described<'a>> {
    let mut all = Vec::new();
    for route in edge.routes() {
        let operation = &document["paths"][route.path][route.method.name()];
        assert!(operation.is_object(), "{} {} is not described", route.method.name(), route.path);
        all.push(Described { document, path: route.path, method: route.method, operation });
    }
    let described: usize =
        document["paths"].as_object().unwrap().values().map(|path| path.as_object().unwrap().len()).sum();
    assert_eq!(described, all.len(), "something is described that is no route");
    all
}

impl<'a> Described<'a> {
    fn name(&self) -> String {
        format!("{} {}", self.method.name(), self.path)
    }

    fn parameters(&self) -> &'a [Value] {
        items(self.operation, "parameters")
    }

    fn check_form(&self) {
        let known = [
            "operationId",
            "tags",
            "summary",
            "description",
            "parameters",
            "requestBody",
            "responses",
            "security",
        ];
        let members = self.operation.as_object().unwrap();
        assert!(
            members.keys().all(|key| known.contains(&key.as_str())),
            "{}: {:?}",
            self.name(),
            members.keys()
        );
        let id = text(self.operation, "operationId");
        let is_name = id.starts_with(|first: char| first.is_ascii_lowercase())
            && id.chars().all(|c| c.is_ascii_alphanumeric());
        assert!(is_name, "{id} would be no name in a program");
        assert!(!text(self.operation, "summary").is_empty(), "{}", self.name());
        let braces: Vec<_> = self
            .parameters()
            .iter()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| text(parameter, "name"))
            .collect();
        assert_eq!(braces, in_path(self.path).collect::<Vec<_>>(), "{}", self.name());
        for parameter in self.parameters() {
            assert!(!text(parameter, "description").is_empty(), "{}: {parameter}", self.name());
            assert!(parameter["in"] != "path" || parameter["required"] == json!(true), "{parameter}");
            let fits = validate::fits(self.document, &parameter["schema"], &parameter["example"]);
            assert_eq!(fits, Ok(()), "{}: {parameter}", self.name());
        }
        let statuses: Vec<&String> = self.operation["responses"].as_object().unwrap().keys().collect();
        assert!(statuses.len() > 1 && statuses.iter().any(|status| *status == "200"), "{}", self.name());
        for status in statuses {
            let status = status.parse().unwrap();
            assert!((200..600).contains(&status), "{}", self.name());
            assert!(!text(self.answer(status), "description").is_empty(), "{}", self.name());
            assert!(self.answer_schema(status).is_object(), "{}: {status}", self.name());
        }
        let schemes = &self.document["components"]["securitySchemes"];
        for scheme in items(self.operation, "security").iter().flat_map(|one| one.as_object().unwrap().keys())
        {
            assert!(schemes[scheme].is_object(), "{scheme}");
        }
    }

    fn resolved(&self, value: &'a Value) -> &'a Value {
        value.get("$ref").map_or(value, |reference| validate::target(self.document, reference))
    }

    fn answer(&self, status: u16) -> &'a Value {
        let answer = &self.operation["responses"][status.to_string()];
        assert!(answer.is_object(), "{}: status {status} is not described", self.name());
        self.resolved(answer)
    }

    fn answer_schema(&self, status: u16) -> &'a Value {
        let content = &self.answer(status)["content"];
        let kind = if content["application/json"].is_object() { "application/json" } else { "*/*" };
        &content[kind]["schema"]
    }

    fn body(&self) -> Option<&'a Value> {
        self.operation.get("requestBody").map(|body| self.resolved(body))
    }

    fn examples(&self) -> Vec<(&'a str, &'a Value)> {
        let Some(body) = self.body() else { return Vec::new() };
        let examples = body["content"]["application/json"]["examples"].as_object();
        examples.into_iter().flatten().map(|(name, example)| (name.as_str(), &example["value"])).collect()
    }

    /// A file, where the body may be a form that has one.
    fn file(&self) -> Option<ReceivedFile> {
        let form = &self.body()?["content"]["multipart/form-data"];
        form.is_object().then(|| ReceivedFile {
            name: "a.png".to_owned(),
            content_type: "image/png".to_owned(),
            bytes: b"a picture".as_slice().into(),
        })
    }

    fn needs_token(&self) -> bool {
        items(self.operation, "security").first().is_some_and(|first| first != &json!({}))
    }

    fn may_bring_token(&self) -> bool {
        !items(self.operation, "security").is_empty()
    }

    /// The request that the document describes, with every parameter's example.
    fn request(&self, body: Option<String>) -> EdgeRequest {
        let example = |parameter: &Value| match &parameter["example"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let of = |place: &str| -> Vec<(&'a str, String)> {
            let found = self.parameters().iter().filter(|parameter| parameter["in"] == place);
            found.map(|parameter| (text(parameter, "name"), example(parameter))).collect()
        };
        let mut path = self.path.to_owned();
        let mut params = Vec::new();
        for ((name, value), given) in of("path").into_iter().zip(in_path(self.path)) {
            path = path.replace(&format!("{{{name}}}"), &value);
            params.push((given, value));
        }
        let mut headers: Vec<_> =
            of("header").into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
        if self.may_bring_token() {
            headers.push(self.token_header());
        }
        let query = of("query").into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        EdgeRequest {
            route: self.path,
            method: self.method,
            path,
            params,
            query,
            headers,
            body: body.unwrap_or_default().into_bytes(),
            file: None,
            at: UnixMs(1_760_000_000_000),
            secure: false,
        }
    }

    fn token_header(&self) -> (String, String) {
        let schemes = self.document["components"]["securitySchemes"].as_object().unwrap();
        let scheme = schemes.values().next().unwrap();
        match text(scheme, "type") {
            "apiKey" => (text(scheme, "name").to_lowercase(), "a token".to_owned()),
            "http" if scheme["scheme"] == "bearer" => ("authorization".to_owned(), "Bearer token".to_owned()),
            other => panic!("{other}"),
        }
    }

    /// Whether the edge takes a request, as the server asks it.
    fn taken(&self, edge: &dyn Edge, request: &EdgeRequest) -> Result<(), String> {
        let opening = edge.open(request).map_err(|refusal| refusal.to_string())?;
        let actor = opening.token.is_some().then(admin);
        edge.decode(request, actor.as_ref()).map(drop).map_err(|refusal| refusal.to_string())
    }

    /// Tokens, headers and query parameters are needed where the document says so, and nowhere else.
    fn check_headers_and_queries(&self, edge: &dyn Edge) {
        let body = self.examples().first().map(|(_, body)| body.to_string());
        let file = self.file().filter(|_| body.is_none());
        let whole = EdgeRequest { file, ..self.request(body) };
        assert_eq!(self.taken(edge, &whole), Ok(()), "{}", self.name());
        let opening = edge.open(&whole).unwrap();
        assert_eq!(opening.token.is_some(), self.may_bring_token(), "{}", self.name());
        if self.may_bring_token() {
            let (name, _) = self.token_header();
            let without = |headers: &[(String, String)]| -> Vec<_> {
                headers.iter().filter(|(key, _)| *key != name).cloned().collect()
            };
            let bare = EdgeRequest { headers: without(&whole.headers), ..whole.clone() };
            assert_eq!(edge.open(&bare).is_err(), self.needs_token(), "{}", self.name());
            assert_eq!(edge.open(&bare).is_ok_and(|opening| opening.token_optional), !self.needs_token());
        }
        for parameter in self.parameters().iter().filter(|parameter| parameter["in"] != "path") {
            let name = text(parameter, "name");
            let mut part = whole.clone();
            part.query.retain(|(key, _)| key != name);
            part.headers.retain(|(key, _)| *key != name.to_lowercase());
            let refused = self.taken(edge, &part).is_err();
            assert_eq!(json!(refused), parameter["required"], "{} without {name}", self.name());
        }
    }

    /// Examples are taken; what lacks a required member is refused; what lacks another one is taken; nothing is
    /// refused that fits the schema.
    fn check_bodies(&self, edge: &dyn Edge) {
        let Some(body) = self.body() else {
            assert!(self.taken(edge, &self.request(None)).is_ok(), "{}: a body is needed", self.name());
            return;
        };
        assert_eq!(self.taken(edge, &self.request(None)).is_err(), body["required"] == json!(true));
        assert_eq!(
            self.file().is_some(),
            edge.file_bytes(self.method, self.path).is_some(),
            "{}",
            self.name()
        );
        if let Some(file) = self.file() {
            let form = EdgeRequest { file: Some(file), ..self.request(None) };
            assert_eq!(self.taken(edge, &form), Ok(()), "{} as a form", self.name());
        }
        let schema = &body["content"]["application/json"]["schema"];
        if schema.is_null() && self.file().is_some() {
            return;
        }
        assert!(!self.examples().is_empty(), "{}: no example", self.name());
        for (name, example) in self.examples() {
            let fits = |value: &Value| validate::fits(self.document, schema, value);
            let taken = |value: &Value| self.taken(edge, &self.request(Some(value.to_string())));
            assert_eq!((fits(example), taken(example)), (Ok(()), Ok(())), "{}: {name}", self.name());
            for place in members(example) {
                let part = without(example, &place);
                let (fits, taken) = (fits(&part), taken(&part));
                assert_eq!(
                    fits.is_ok(),
                    taken.is_ok(),
                    "{} without {place}: {fits:?}, {taken:?}",
                    self.name()
                );
            }
            for (place, other) in members(example).iter().flat_map(|place| {
                [json!(-7), json!(""), json!(true), json!([]), json!({})].map(|other| (place.clone(), other))
            }) {
                let mut changed = example.clone();
                *changed.pointer_mut(&place).unwrap() = other;
                if fits(&changed).is_ok() {
                    assert_eq!(taken(&changed), Ok(()), "{} with another {place}: {changed}", self.name());
                }
            }
        }
    }
}

fn admin() -> Actor {
    Actor {
        user: UserId::parse("admin").unwrap(),
        platform: Platform::ADMIN,
        admin: true,
        token_id: String::new(),
        expires_at: UnixMs(i64::MAX),
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// Pointers to every member of every object in it.
fn members(value: &Value) -> Vec<String> {
    let inner: Vec<(String, &Value, bool)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value, true)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(at, value)| (at.to_string(), value, false)).collect()
        }
        _ => Vec::new(),
    };
    let mut found = Vec::new();
    for (step, value, is_member) in inner {
        found.extend(is_member.then(|| format!("/{step}")));
        found.extend(members(value).iter().map(|rest| format!("/{step}{rest}")));
    }
    found
}

fn without(value: &Value, place: &str) -> Value {
    let mut part = value.clone();
    let (parent, name) = place.rsplit_once('/').unwrap();
    part.pointer_mut(parent).and_then(Value::as_object_mut).unwrap().remove(name);
    part
}

mod tests;
