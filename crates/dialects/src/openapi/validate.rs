//! JSON Schema as far as our descriptions use it. A keyword that it does not know is an error: what is published is
//! then no longer what was checked.

use serde_json::{Map, Value};

/// Keywords that say nothing about whether a value fits.
const NOTES: [&str; 10] = [
    "$id",
    "$schema",
    "contentEncoding",
    "contentMediaType",
    "default",
    "description",
    "examples",
    "format",
    "readOnly",
    "title",
];

/// Whether a value fits a schema of this document; if not, why.
pub(crate) fn fits(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let keywords = match schema {
        Value::Bool(true) => return Ok(()),
        Value::Bool(false) => return Err("nothing fits".to_owned()),
        Value::Object(keywords) => keywords,
        other => panic!("{other} is no schema"),
    };
    for (keyword, rule) in keywords {
        if !NOTES.contains(&keyword.as_str()) {
            keyword_fits(document, keywords, keyword, rule, value)
                .map_err(|why| format!("{why} ({keyword})"))?;
        }
    }
    Ok(())
}

fn keyword_fits(
    document: &Value,
    beside: &Map<String, Value>,
    keyword: &str,
    rule: &Value,
    value: &Value,
) -> Result<(), String> {
    let fits = |schema: &Value| fits(document, schema, value);
    let list = || rule.as_array().unwrap_or_else(|| panic!("{keyword}: {rule}"));
    match keyword {
        "$ref" => fits(target(document, rule)),
        "type" => says(is_of(rule, value), || format!("{value} is not {rule}")),
        "enum" => says(list().contains(value), || format!("{value} is not one of {rule}")),
        "const" => says(rule == value, || format!("{value} is not {rule}")),
        "allOf" => list().iter().try_for_each(fits),
        "anyOf" => {
            says(list().iter().any(|form| fits(form).is_ok()), || format!("{value} has none of the forms"))
        }
        "oneOf" => {
            let forms: Vec<_> = list().iter().map(fits).collect();
            says(forms.iter().filter(|form| form.is_ok()).count() == 1, || format!("{value}: {forms:?}"))
        }
        "pattern" => {
            let text = value.as_str().map(str::as_bytes);
            says(text.is_none_or(matcher(rule)), || format!("{value} does not match {rule}"))
        }
        "not" => says(fits(rule).is_err(), || format!("{value} is excluded")),
        "if" => match (fits(rule).is_ok(), beside.get("then"), beside.get("else")) {
            (true, Some(then), _) => fits(then),
            (false, _, Some(otherwise)) => fits(otherwise),
            _ => Ok(()),
        },
        "then" | "else" => Ok(()),
        "properties" | "required" | "additionalProperties" => {
            members_fit(document, beside, keyword, rule, value)
        }
        "items" => value
            .as_array()
            .into_iter()
            .flatten()
            .try_for_each(|item| super::validate::fits(document, rule, item)),
        _ => says(bounded(keyword, rule, value), || format!("{value} is out of {rule}")),
    }
}

/// What a pattern means. There is one: whoever needs another says here what it matches.
fn matcher(pattern: &Value) -> fn(&[u8]) -> bool {
    match pattern.as_str() {
        Some("^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$") => |text| {
            let digits = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
            let known = |digit: &u8| digit.is_ascii_alphanumeric() || b"+/".contains(digit);
            text.len().is_multiple_of(4) && digits.iter().all(known)
        },
        other => panic!("unknown pattern {other:?}"),
    }
}

fn members_fit(
    document: &Value,
    beside: &Map<String, Value>,
    keyword: &str,
    rule: &Value,
    value: &Value,
) -> Result<(), String> {
    let Value::Object(members) = value else { return Ok(()) };
    match keyword {
        "properties" => {
            rule.as_object().unwrap().iter().try_for_each(|(name, schema)| match members.get(name) {
                Some(member) => fits(document, schema, member).map_err(|why| format!("{name}: {why}")),
                None => Ok(()),
            })
        }
        "required" => rule.as_array().unwrap().iter().try_for_each(|name| {
            says(members.contains_key(name.as_str().unwrap()), || format!("{name} is absent"))
        }),
        _ => {
            let known = beside.get("properties").and_then(Value::as_object);
            members
                .iter()
                .filter(|(name, _)| known.is_none_or(|known| !known.contains_key(*name)))
                .try_for_each(|(_, member)| fits(document, rule, member))
        }
    }
}

fn bounded(keyword: &str, rule: &Value, value: &Value) -> bool {
    let bound = rule.as_f64().unwrap_or_else(|| panic!("unknown keyword {keyword}: {rule}"));
    let number = value.as_f64();
    let chars = value.as_str().map(|text| text.chars().count() as f64);
    let items = value.as_array().map(|items| items.len() as f64);
    match keyword {
        "minimum" => number.is_none_or(|number| number >= bound),
        "maximum" => number.is_none_or(|number| number <= bound),
        "exclusiveMinimum" => number.is_none_or(|number| number > bound),
        "minLength" => chars.is_none_or(|chars| chars >= bound),
        "maxLength" => chars.is_none_or(|chars| chars <= bound),
        "minItems" => items.is_none_or(|items| items >= bound),
        "minProperties" => value.as_object().is_none_or(|members| members.len() as f64 >= bound),
        "maxProperties" => value.as_object().is_none_or(|members| members.len() as f64 <= bound),
        "maxItems" => items.is_none_or(|items| items <= bound),
        _ => panic!("unknown keyword {keyword}"),
    }
}

fn is_of(rule: &Value, value: &Value) -> bool {
    match rule {
        Value::Array(kinds) => kinds.iter().any(|kind| is_of(kind, value)),
        kind => match kind.as_str().unwrap() {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => panic!("{other} is no type"),
        },
    }
}

/// What a reference leads to.
pub(super) fn target<'a>(document: &'a Value, reference: &Value) -> &'a Value {
    let pointer = reference.as_str().and_then(|text| text.strip_prefix('#')).unwrap();
    document.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
}

fn says(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_that_fit_and_values_that_do_not() {
        let document = json!({"s": {"type": "string", "minLength": 2}});
        for (schema, good, bad) in [
            (json!({"$ref": "#/s"}), json!("ab"), json!("a")),
            (json!({"type": ["integer", "null"]}), json!(null), json!(1.5)),
            (
                json!({"properties": {"a": {"const": 1}}, "required": ["a"]}),
                json!({"a": 1, "b": 2}),
                json!({}),
            ),
            (json!({"properties": {"a": {"const": 1}}}), json!({}), json!({"a": 2})),
            (json!({"additionalProperties": {"type": "boolean"}}), json!({"a": true}), json!({"a": 1})),
            (json!({"items": {"enum": [1, 2]}, "maxItems": 2}), json!([1, 2]), json!([3])),
            (json!({"oneOf": [{"type": "integer"}, {"minimum": 3}]}), json!(2), json!(3)),
            (json!({"anyOf": [{"type": "string"}, {"exclusiveMinimum": 3}]}), json!(4), json!(3)),
            (json!({"not": {"const": 0}}), json!(1), json!(0)),
            (json!({"if": {"const": 0}, "then": false, "else": true}), json!(1), json!(0)),
            (json!({"allOf": [{"minimum": 1}, {"maximum": 2}]}), json!(2), json!(3)),
        ] {
            assert_eq!(fits(&document, &schema, &good), Ok(()), "{schema}");
            assert!(fits(&document, &schema, &bad).is_err(), "{schema}");
        }
    }

    #[test]
    #[should_panic(expected = "unknown keyword")]
    fn keywords_that_nobody_checks_are_told() {
        let _ = fits(&json!({}), &json!({"multipleOf": 2}), &json!(3));
    }

    #[test]
    #[should_panic(expected = "unknown pattern")]
    fn patterns_that_nobody_reads_are_told() {
        let _ = fits(&json!({}), &json!({"pattern": "a"}), &json!("b"));
    }

    #[test]
    fn base64_is_told_by_its_length_and_letters() {
        let schema = json!({"pattern": "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"});
        for (text, good) in [
            ("", true),
            ("e30=", true),
            ("eA==", true),
            ("abcd", true),
            ("abc", false),
            ("a===", false),
            ("a b=", false),
        ] {
            assert_eq!(fits(&json!({}), &schema, &json!(text)).is_ok(), good, "{text}");
        }
    }
}
