//! OpenAPI 3.1 descriptions of REST interfaces, put together from the types that requests are read into and answers
//! are written from. Source: OpenAPI Specification 3.1.0; JSON Schema 2020-12.
//!
//! | file | holds |
//! |---|---|
//! | `schema` | schemas made from types, and what requests need of them |
//! | `exam` | what every description must pass |
//! | `validate` | a small reader of JSON Schema, for the exam and for that of the callbacks' schemas |

mod schema;

#[cfg(test)]
pub(crate) mod exam;
#[cfg(test)]
pub(crate) mod validate;

use ringback_model::dialect::Method;
use schemars::generate::SchemaGenerator;
use serde_json::{Map, Value, json};

pub(crate) use schema::{SchemaOf, schema_of};

/// Whether an operation takes the token of the interface's security scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Security {
    None,
    Needed,
    /// It depends on the body.
    Sometimes,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
}

/// A parameter. Those of a path are always required.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) required: bool,
    pub(crate) doc: &'static str,
    pub(crate) schema: Value,
    pub(crate) example: Value,
}

/// What a request carries.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    /// As JSON; `None` where it is a form alone.
    pub(crate) schema: Option<Value>,
    pub(crate) required: bool,
    /// Names and bodies; the interface takes every one of them.
    pub(crate) examples: Vec<(&'static str, Value)>,
    /// It may be a form with a file in it.
    pub(crate) form: bool,
}

/// What comes back under one status.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) meaning: String,
    pub(crate) schema: Value,
    /// Headers besides those of every answer: name and meaning.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    /// What else it may be than JSON.
    pub(crate) bytes: Bytes,
}

/// Whether an answer is the bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bytes {
    Never,
    Sometimes,
    Always,
}

/// One method of one path.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: Method,
    /// With its parameters in braces.
    pub(crate) path: &'static str,
    pub(crate) tag: &'static str,
    pub(crate) summary: &'static str,
    /// Empty where the summary says it all.
    pub(crate) description: String,
    pub(crate) security: Security,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    pub(crate) answers: Vec<Answer>,
}

/// What stands over a whole interface.
pub(crate) struct About {
    pub(crate) title: &'static str,
    pub(crate) description: String,
    /// Name of the one security scheme, and the scheme as OpenAPI writes it.
    pub(crate) security: (&'static str, Value),
    /// Tags in order, each with what it is about.
    pub(crate) tags: Vec<(&'static str, &'static str)>,
}

/// Where schemas stand in the document.
const SCHEMAS: &str = "/components/schemas";

/// A document in the making.
pub(crate) struct Document {
    about: About,
    requests: SchemaGenerator,
    answers: SchemaGenerator,
    /// Schemas that no type makes.
    own: Map<String, Value>,
    bodies: Map<String, Value>,
    replies: Map<String, Value>,
    paths: Map<String, Value>,
}

impl Document {
    pub(crate) fn new(about: About) -> Self {
        Self {
            about,
            requests: schema::for_requests(),
            answers: schema::for_answers(),
            own: Map::new(),
            bodies: Map::new(),
            replies: Map::new(),
            paths: Map::new(),
        }
    }

    /// The schema of what a request is read into.
    pub(crate) fn request(&mut self, of: SchemaOf) -> Value {
        schema::settled(of(&mut self.requests))
    }

    /// The schema of what an answer is written from.
    pub(crate) fn answer(&mut self, of: SchemaOf) -> Value {
        schema::written(of(&mut self.answers).to_value())
    }

    /// A schema under a name; what it is referred to by.
    pub(crate) fn named(&mut self, name: &str, schema: Value) -> Value {
        self.own.insert(name.to_owned(), schema);
        json!({"$ref": format!("#{SCHEMAS}/{name}")})
    }

    /// A body that several operations share under a name.
    pub(crate) fn shared_body(&mut self, name: &str, body: &Body) -> Value {
        self.bodies.insert(name.to_owned(), request_body(body));
        json!({"$ref": format!("#/components/requestBodies/{name}")})
    }

    /// An answer that several operations share under a name.
    pub(crate) fn shared_answer(&mut self, name: &str, answer: &Answer) -> Value {
        self.replies.insert(name.to_owned(), response(answer));
        json!({"$ref": format!("#/components/responses/{name}")})
    }

    /// Adds an operation with its body and answers in place.
    pub(crate) fn add(&mut self, operation: &Operation) {
        let body = operation.body.as_ref().map(request_body);
        let answers: Vec<_> =
            operation.answers.iter().map(|answer| (answer.status, response(answer))).collect();
        self.add_with(operation, body, answers);
    }

    /// Adds an operation with this body and these answers, by status, instead of its own.
    pub(crate) fn add_with(
        &mut self,
        operation: &Operation,
        body: Option<Value>,
        answers: Vec<(u16, Value)>,
    ) {
        let scheme = self.about.security.0;
        let answers: Map<String, Value> =
            answers.into_iter().map(|(status, answer)| (status.to_string(), answer)).collect();
        let mut described = json!({
            "operationId": operation.id,
            "tags": [operation.tag],
            "summary": operation.summary,
            "parameters": operation.parameters.iter().map(parameter).collect::<Vec<_>>(),
            "responses": answers,
            "security": match operation.security {
                Security::None => json!([]),
                Security::Needed => json!([{scheme: []}]),
                Security::Sometimes => json!([{}, {scheme: []}]),
            },
        });
        if !operation.description.is_empty() {
            described["description"] = json!(operation.description);
        }
        if let Some(body) = body {
            described["requestBody"] = body;
        }
        let path = self.paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method.name()] = described;
    }

    pub(crate) fn finish(mut self) -> Value {
        let mut schemas = self.own;
        let requests = self.requests.take_definitions(true).into_iter();
        let made = requests.map(|(name, schema)| (name, schema::settled_value(schema)));
        let answers = self.answers.take_definitions(true).into_iter();
        for (name, schema) in made.chain(answers.map(|(name, schema)| (name, schema::written(schema)))) {
            debug_assert!(
                schemas.get(&name).is_none_or(|other| *other == schema),
                "two schemas are called {name}"
            );
            schemas.insert(name, schema);
        }
        let (scheme, security) = self.about.security;
        let tags = self.about.tags.into_iter().map(|(name, doc)| json!({"name": name, "description": doc}));
        let mut components = json!({"schemas": schemas, "securitySchemes": {scheme: security}});
        for (kind, named) in [("requestBodies", self.bodies), ("responses", self.replies)] {
            if !named.is_empty() {
                components[kind] = Value::Object(named);
            }
        }
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": self.about.title,
                "version": env!("CARGO_PKG_VERSION"),
                "description": self.about.description,
            },
            "servers": [{"url": "/", "description": "The server that this description comes from."}],
            "tags": tags.collect::<Vec<_>>(),
            "paths": self.paths,
            "components": components,
        })
    }
}

/// The names in a path's braces, in order.
pub(crate) fn in_path(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

fn parameter(parameter: &Parameter) -> Value {
    let place = match parameter.place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Header => "header",
    };
    json!({
        "name": parameter.name, "in": place, "required": parameter.required || parameter.place == Place::Path,
        "description": parameter.doc, "schema": parameter.schema, "example": parameter.example,
    })
}

fn request_body(body: &Body) -> Value {
    let examples: Map<String, Value> =
        body.examples.iter().map(|(name, value)| ((*name).to_owned(), json!({"value": value}))).collect();
    let mut content = json!({});
    if let Some(schema) = &body.schema {
        content["application/json"] = json!({"schema": schema, "examples": examples});
    }
    if body.form {
        let file = json!({"type": "string", "contentMediaType": "application/octet-stream"});
        let name = json!({"type": "string", "description": "What the file is called, where the part with it does not say so."});
        let form =
            json!({"type": "object", "required": ["file"], "properties": {"file": file, "filename": name}});
        content["multipart/form-data"] = json!({ "schema": form });
    }
    json!({"required": body.required, "content": content})
}

fn response(answer: &Answer) -> Value {
    let mut content = json!({});
    if answer.bytes != Bytes::Always {
        content["application/json"] = json!({"schema": answer.schema});
    }
    if answer.bytes != Bytes::Never {
        content["*/*"] =
            json!({"schema": {"type": "string", "contentMediaType": "application/octet-stream"}});
    }
    let mut described = json!({"description": answer.meaning, "content": content});
    if !answer.headers.is_empty() {
        let headers: Map<String, Value> = answer
            .headers
            .iter()
            .map(|(name, doc)| {
                ((*name).to_owned(), json!({"description": doc, "schema": {"type": "string"}}))
            })
            .collect();
        described["headers"] = Value::Object(headers);
    }
    described
}

/// `/post/messages/{id}/old_users` -> `PostMessagesByIdOldUsers`.
pub(crate) fn pascal(path: &str) -> String {
    let mut name = String::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        if segment.starts_with('{') {
            name.push_str("By");
        }
        for word in segment.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
            let mut letters = word.chars();
            name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            name.push_str(letters.as_str());
        }
    }
    name
}

/// The same with a small letter first.
pub(crate) fn camel(path: &str) -> String {
    let mut name = pascal(path);
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_operations() {
        assert_eq!(camel("post//messages/{id}/old_users"), "postMessagesByIdOldUsers");
        assert_eq!(pascal("/get/a-b/{app_id}"), "GetABByAppId");
        assert_eq!(camel(""), "");
    }
}
