//! Content of any form, as receivers of this dialect know it.

use std::borrow::Cow;

use ringback_model::limits;
use ringback_model::message::{Content, ContentClass};
use serde_json::json;

use super::json::Object;
use crate::openim::FORM;

/// Content number of plain text.
/// Source: openim-callbacks fact sheet 5.3.
pub(super) const TEXT: i32 = 101;

/// The number for the kind of a content: its own in this dialect's form, else the one of its class.
pub(super) fn code(content: &Content) -> i32 {
    if content.form == FORM {
        return content.code;
    }
    match content.class {
        ContentClass::Text => TEXT,
        ContentClass::Image => 102,
        ContentClass::Voice => 103,
        ContentClass::Video => 104,
        ContentClass::File => 105,
        ContentClass::Combined => 107,
        ContentClass::Location => 109,
        ContentClass::Custom | ContentClass::Other => 110,
        ContentClass::Typing => 113,
        ContentClass::Command => 120,
        ContentClass::Notification => 1400,
    }
}

/// The element's JSON text. Other forms' text becomes a text element, everything else a custom element that
/// carries the other form as it is. A dialect whose content is not readable like that gets its arm here.
pub(super) fn element(content: &Content) -> Cow<'_, str> {
    if content.form == FORM {
        return Cow::Borrowed(&content.raw);
    }
    Cow::Owned(match content.class {
        ContentClass::Text => json!({ "content": content.raw }).to_string(),
        _ => json!({ "data": content.raw, "description": "", "extension": "" }).to_string(),
    })
}

/// The text of a text message, without its element.
pub(super) fn plain_text(content: &Content) -> Cow<'_, str> {
    if content.form != FORM {
        return Cow::Borrowed(&content.raw);
    }
    Object::read(content.raw.as_bytes())
        .and_then(|element| element.member::<String>("content", "a text"))
        .ok()
        .flatten()
        .map_or(Cow::Borrowed(content.raw.as_str()), Cow::Owned)
}

/// The content with another text, in the form that it has.
///
/// # Errors
/// Says that it is too long.
pub(super) fn with_text(content: &Content, text: &str) -> Result<String, String> {
    if content.form != FORM {
        return bounded(text.to_owned());
    }
    bounded(match Object::read(content.raw.as_bytes()) {
        Ok(element) => element.with_text("content", text),
        Err(_) => json!({ "content": text }).to_string(),
    })
}

/// An element from an answer, brought into the form of the message.
///
/// # Errors
/// Says why it cannot be its content.
pub(super) fn from_element(content: &Content, element: String) -> Result<String, String> {
    let object = Object::read(element.as_bytes())
        .map_err(|_| "content is not the JSON text of an object".to_owned())?;
    if content.form == FORM {
        return bounded(element);
    }
    let member = if content.class == ContentClass::Text { "content" } else { "data" };
    let inner = object.member::<String>(member, "a text")?;
    bounded(inner.ok_or_else(|| format!("content has no {member}, which this message needs"))?)
}

fn bounded(raw: String) -> Result<String, String> {
    if raw.len() > limits::CONTENT_BYTES {
        return Err(format!("content is longer than {} bytes", limits::CONTENT_BYTES));
    }
    Ok(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(form: &str, class: ContentClass, raw: &str) -> Content {
        Content { form: form.to_owned(), class, code: 7, raw: raw.to_owned() }
    }

    #[test]
    fn own_content_goes_out_as_it_came() {
        let own = content(FORM, ContentClass::Text, r#"{ "content" : "hi" , "x":1}"#);
        assert_eq!((code(&own), &*element(&own), &*plain_text(&own)), (7, own.raw.as_str(), "hi"));
        assert_eq!(with_text(&own, "yo"), Ok(r#"{"content":"yo","x":1}"#.to_owned()));
    }

    #[test]
    fn content_of_another_form_is_wrapped_and_unwrapped() {
        let text = content("other", ContentClass::Text, "hi");
        assert_eq!((code(&text), &*element(&text), &*plain_text(&text)), (101, r#"{"content":"hi"}"#, "hi"));
        assert_eq!(from_element(&text, r#"{"content":"yo"}"#.to_owned()), Ok("yo".to_owned()));
        assert!(from_element(&text, "{}".to_owned()).is_err());
        let picture = content("other", ContentClass::Image, "{}");
        assert_eq!(&*element(&picture), r#"{"data":"{}","description":"","extension":""}"#);
    }

    #[test]
    fn text_that_is_no_element_is_the_text_itself() {
        let bare = content(FORM, ContentClass::Text, "hi");
        assert_eq!(plain_text(&bare), "hi");
        assert_eq!(with_text(&bare, "yo"), Ok(r#"{"content":"yo"}"#.to_owned()));
    }

    #[test]
    fn content_is_bounded() {
        let own = content(FORM, ContentClass::Text, "{}");
        assert!(with_text(&own, &"x".repeat(limits::CONTENT_BYTES)).is_err());
    }
}
