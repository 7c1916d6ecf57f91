//! The interface as OpenAPI 3.1, made from the table of operations, the table of a rule's fields and the types of the
//! answers.

use std::sync::Arc;

use http::Method;
use ringback_model::dialect::{Contract, Preset};
use ringback_model::event::Phase;
use ringback_model::limits;
use ringback_model::rule::Policy;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

use super::error::ErrorBody;
use super::operations::{Body, OPERATIONS, Operation, Param};
use super::schemas::SCHEMA_JSON;
use super::why_views::WhyView;
use super::{audit, keywords, replays, views, why};
use crate::rules::draft::preset_rule;
use crate::rules::fields::{FIELDS, Field, Initially};
use crate::rules::shown::READ_ONLY;

const INFO: &str = "Rules of business callbacks, word lists, bans, parked deliveries and replays. Every error has the form of `Error`.";

/// The whole description.
#[must_use]
pub fn document(contracts: &[Arc<dyn Contract>]) -> Value {
    let mut paths = Map::new();
    for operation in OPERATIONS {
        let place = paths.entry(operation.path).or_insert_with(|| json!({}));
        place[operation.method.as_str().to_lowercase()] = describe(operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Administration", "version": env!("CARGO_PKG_VERSION"), "description": INFO},
        "paths": paths,
        "components": {
            "securitySchemes": {"admin": {
                "type": "http",
                "scheme": "bearer",
                "description": "An administrator's token, in the form of any dialect.",
            }},
            "schemas": schemas(contracts),
        },
    })
}

fn describe(operation: &Operation) -> Value {
    let parameters = parameters(operation);
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "responses": responses(operation),
    });
    if !parameters.is_empty() {
        described["parameters"] = json!(parameters);
    }
    if !operation.open {
        described["security"] = json!([{"admin": []}]);
    }
    if let Some((schema, required)) = request(operation.body) {
        described["requestBody"] =
            json!({"required": required, "content": {"application/json": {"schema": reference(schema)}}});
    }
    described
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let mut parameters: Vec<Value> = operation
        .params()
        .map(|name| {
            json!({"name": name, "in": "path", "required": true, "schema": path_schema(name),
            "description": path_doc(name)})
        })
        .collect();
    parameters.extend(operation.query.iter().map(
        |param| json!({"name": param.name, "in": "query", "schema": query_schema(param), "description": param.doc}),
    ));
    if operation.versioned {
        let versions = json!({"type": "string", "pattern": r#"^(\*|"[0-9]{1,18}")$"#});
        parameters.push(json!({"name": "If-Match", "in": "header", "schema": versions,
            "description": "Only if the rule has this version, such as `\"3\"`; otherwise 412."}));
    }
    parameters
}

/// Every status that the operation can be answered with. Written out one by one: an answer that stands in no list is
/// then a mistake that a program can see.
fn responses(operation: &Operation) -> Map<String, Value> {
    let answer = |description: &str, schema: &str| {
        json!({
            "description": description,
            "content": {"application/json": {"schema": reference(schema)}},
        })
    };
    let (status, schema) = operation.answer;
    let mut all = Map::new();
    let mut done = answer("Done.", schema);
    if operation.id == "showSchema" {
        // One part of it alone.
        done["content"][SCHEMA_JSON] =
            json!({"schema": {"type": "object", "description": "JSON Schema 2020-12."}});
    }
    all.insert(status.to_string(), done);
    if let Some((status, meaning)) = operation.also {
        all.insert(status.to_string(), answer(meaning, schema));
    }
    for (status, meaning, happens) in REFUSALS {
        if happens(operation) {
            all.insert(status.to_string(), answer(meaning, "Error"));
        }
    }
    all
}

/// Answers that are errors: status, meaning, and which operations give them.
type Refusals = (u16, &'static str, fn(&Operation) -> bool);

const REFUSALS: &[Refusals] = &[
    (400, "Something in the request cannot be used; `details` says what.", |_| true),
    (401, "No administrator's token, or one that is not taken.", |operation| !operation.open),
    (403, "The token is not an administrator's, or a bound of the settings forbids it.", |operation| {
        !operation.open
    }),
    (404, "There is no such thing.", |_| true),
    (408, "The body did not come in time.", |operation| operation.body != Body::None),
    (409, "The name is taken, the rule is a file's, or what is under way forbids it.", |operation| {
        !operation.open && operation.method != Method::GET
    }),
    (412, "The rule has another version than `If-Match` names.", |operation| operation.versioned),
    (413, "The body is too long.", |operation| operation.body != Body::None),
    (500, "A fault of the server; its log says more.", |_| true),
    (503, "Too busy or going down: `Retry-After` says when to come again.", |_| true),
    (504, "It takes longer than anybody waits, and is still being done.", |_| true),
];

fn path_schema(name: &str) -> Value {
    match name {
        "date" => json!({"type": "string", "pattern": "^[0-9]{12}$"}),
        _ => json!({"type": "string", "minLength": 1}),
    }
}

fn query_schema(param: &Param) -> Value {
    match param.kind {
        "integer" => json!({"type": "integer", "minimum": 1, "maximum": limits::ADMIN_PAGE}),
        kind if param.name == "part" => json!({"type": kind, "enum": ["request", "answer"]}),
        kind => json!({"type": kind}),
    }
}

fn path_doc(name: &str) -> &'static str {
    match name {
        "name" => "Name or id of the rule, percent-encoded.",
        "date" => "Date key of the slice, `yyyyMMddHHmm`.",
        "id" => "Id of the replay.",
        "list" => "Name of the word list.",
        "dialect" => "Name of the dialect, as rules name it.",
        "callback" => "Name of the callback, or a name in `events` that leads to no other.",
        _ => "Name of the interface, with `.json`.",
    }
}

fn request(body: Body) -> Option<(&'static str, bool)> {
    match body {
        Body::None => None,
        Body::Rule => Some(("NewRule", true)),
        Body::RuleChange => Some(("RuleChange", true)),
        Body::Retry => Some(("RetryOrder", false)),
        Body::Replay => Some(("NewReplay", true)),
        Body::WhyDry => Some(("WhyDry", false)),
        Body::WordList => Some(("NewWordList", true)),
        Body::KeywordCheck => Some(("KeywordCheck", true)),
    }
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

fn schemas(contracts: &[Arc<dyn Contract>]) -> Map<String, Value> {
    let settings = || {
        SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        })
    };
    let mut answers = SchemaGenerator::new(settings().for_serialize());
    answers.subschema_for::<ErrorBody<'_>>();
    answers.subschema_for::<views::RuleState>();
    answers.subschema_for::<views::RuleList>();
    answers.subschema_for::<views::SecretView>();
    answers.subschema_for::<views::Deleted>();
    answers.subschema_for::<views::TestResult>();
    answers.subschema_for::<views::Bans>();
    answers.subschema_for::<views::Lifted>();
    answers.subschema_for::<views::SliceList>();
    answers.subschema_for::<views::ParkedList>();
    answers.subschema_for::<views::RetryStarted>();
    answers.subschema_for::<replays::ReplayList>();
    answers.subschema_for::<WhyView>();
    answers.subschema_for::<audit::AuditView>();
    answers.subschema_for::<keywords::WordLists>();
    answers.subschema_for::<keywords::WordListView>();
    answers.subschema_for::<keywords::WordListDeleted>();
    answers.subschema_for::<keywords::KeywordChecked>();
    answers.subschema_for::<views::DialectList>();
    answers.subschema_for::<views::SchemaList>();
    answers.subschema_for::<views::SchemaView<'_>>();
    let mut requests = SchemaGenerator::new(settings().for_deserialize());
    requests.subschema_for::<views::RetryOrder>();
    requests.subschema_for::<replays::NewReplay>();
    requests.subschema_for::<why::WhyDry>();
    requests.subschema_for::<keywords::NewWordList>();
    requests.subschema_for::<keywords::KeywordCheck>();
    let mut all = answers.take_definitions(true);
    all.extend(requests.take_definitions(true));
    all.insert("OpenApi".to_owned(), json!({"type": "object", "description": "OpenAPI 3.1."}));
    all.insert("Rule".to_owned(), shown_rule(contracts));
    let required: Vec<&str> = FIELDS
        .iter()
        .filter(|field| field.initially == Initially::Required)
        .map(|field| field.name)
        .collect();
    all.insert("NewRule".to_owned(), asked_rule(contracts, &required));
    all.insert("RuleChange".to_owned(), asked_rule(contracts, &[]));
    all
}

/// What requests may name.
fn asked_rule(contracts: &[Arc<dyn Contract>], required: &[&str]) -> Value {
    let mut properties = Map::new();
    for field in FIELDS {
        let schema = if field.initially == Initially::Required {
            schema(field, contracts)
        } else {
            nullable(&schema(field, contracts))
        };
        properties.insert(field.name.to_owned(), with_doc(schema, &doc(field)));
    }
    json!({"type": "object", "properties": properties, "required": required})
}

/// What answers show. Rules of a phase or dialect that do not have a field do not show it.
fn shown_rule(contracts: &[Arc<dyn Contract>]) -> Value {
    let preset = Preset { enabled: false, policy: Policy::default(), without: &[] };
    let rule = preset_rule("", Phase::After, &preset);
    let mut properties = Map::new();
    for field in FIELDS {
        let schema = match field.shown(&rule, None) {
            Some(Value::Null) => nullable(&schema(field, contracts)),
            Some(_) => schema(field, contracts),
            None if field.name == "secret" => schema(field, contracts),
            None => continue,
        };
        properties.insert(field.name.to_owned(), with_doc(schema, &doc(field)));
    }
    for field in READ_ONLY {
        let mut schema = with_doc((field.schema)(), field.doc);
        schema["readOnly"] = json!(true);
        properties.insert(field.name.to_owned(), schema);
    }
    let required: Vec<&str> = ["name", "dialect", "phase", "url"]
        .into_iter()
        .chain(READ_ONLY.iter().map(|field| field.name))
        .collect();
    json!({"type": "object", "properties": properties, "required": required})
}

fn schema(field: &Field, contracts: &[Arc<dyn Contract>]) -> Value {
    if field.name == "dialect" {
        let names: Vec<&str> = contracts.iter().map(|contract| contract.name()).collect();
        return json!({"type": "string", "enum": names});
    }
    field.shape.schema()
}

fn nullable(schema: &Value) -> Value {
    json!({"anyOf": [schema, {"type": "null"}]})
}

fn with_doc(mut schema: Value, doc: &str) -> Value {
    schema["description"] = json!(doc);
    schema
}

fn doc(field: &Field) -> String {
    if field.unit.is_empty() { field.doc.to_owned() } else { format!("{} Unit: {}.", field.doc, field.unit) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str));
                map.values().for_each(|inner| references(inner, found));
            }
            Value::Array(items) => items.iter().for_each(|inner| references(inner, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_schema_is_used() {
        let document = document(&[]);
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(found.len() > 15, "{found:?}");
        for reference in &found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for name in schemas.keys() {
            assert!(found.contains(format!("#/components/schemas/{name}").as_str()), "{name} is not used");
        }
    }

    #[test]
    fn every_operation_and_every_field_is_described() {
        let document = document(&[]);
        let described: usize =
            document["paths"].as_object().unwrap().values().map(|it| it.as_object().unwrap().len()).sum();
        assert_eq!(described, OPERATIONS.len());
        let properties = document["components"]["schemas"]["NewRule"]["properties"].as_object().unwrap();
        assert_eq!(properties.len(), FIELDS.len());
        assert!(properties.values().all(|field| field["description"].is_string()));
        assert_eq!(
            document["components"]["schemas"]["RuleList"]["properties"]["rules"]["items"]["$ref"],
            "#/components/schemas/Rule"
        );
    }
}
