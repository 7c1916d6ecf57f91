//! Messages of one form before receivers of the other, and answers and contents of any kind.

use proptest::prelude::*;
use ringback_model::delivery::Answer;
use ringback_model::event::{EventKind, Phase};
use ringback_model::message::{Content, ContentClass, Message, Priority};
use ringback_model::rule::Rule;
use ringback_model::sample;
use ringback_model::verdict::{Change, Verdict};
use serde_json::{Value, json};

use crate::answers::{meaning, verdict};
use crate::samples::{app, contract, event, group_image, openim_text, room_text, rule, single_text};

#[test]
fn a_replaced_text_stays_in_the_form_that_it_has() {
    let answer =
        r#"{"valid":true,"payload":{"bodies":[{"type":"txt","msg":"@bob ***"}],"ext":{"ex":"other"}}}"#;
    let Ok(Verdict::Allow { changes }) = verdict(openim_text(), 200, answer) else { panic!("it passes") };
    let mut message = openim_text();
    changes.into_iter().for_each(|change: Change| change.apply_to_message(&mut message));
    assert_eq!(message.content.raw, r#"{"text":"@bob ***","atUserList":["bob"],"isAtSelf":false}"#);
    assert_eq!(message.ex, "other", "the wrapping of a plain text is undone");
}

#[test]
fn an_openim_receiver_sees_and_changes_a_message_of_this_family() {
    let dialects = ringback_dialects::all(&app());
    let openim = dialects.contract("openim").unwrap();
    let rule = Rule { contract: "openim".to_owned(), ..rule("agora", Phase::After) };
    let seen = |message: Message| -> Value {
        let outbound = openim.delivery(&rule, &event(message, &[]), 0).unwrap().outbound;
        serde_json::from_slice(&outbound.body).unwrap()
    };
    let text = seen(single_text());
    assert_eq!((&text["contentType"], &text["content"]), (&json!(101), &json!(r#"{"content":"hello bob"}"#)));
    let image = seen(group_image());
    assert_eq!((&image["contentType"], &image["sessionType"]), (&json!(102), &json!(3)));
    assert!(
        image["content"]
            .as_str()
            .unwrap()
            .contains("chatfiles/0d1c2b3a-0001-4002-8003-a0b0c0d0e0f0?share-secret=Zx81")
    );
    assert_eq!(seen(room_text())["groupID"], json!("270099887766554"), "a room is a group there");

    let asks = Rule { phase: Phase::Before, ..rule.clone() };
    let answer = json!({"actionCode": 0, "nextCode": 0, "content": r#"{"content":"hello ***"}"#});
    let answer = Answer { status: 200, body: answer.to_string().into_bytes(), cut: false };
    let question = sample::question(EventKind::MessageRewriting, single_text());
    let verdict = openim.verdict(&asks, &question, &answer);
    let expected = Change::Content(r#"{"type":"txt","msg":"hello ***"}"#.to_owned());
    assert_eq!(verdict, Ok(Verdict::Allow { changes: vec![expected] }));
}

proptest! {
    #[test]
    fn no_answer_does_harm(
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..80).boxed(),
            "\\{\"valid\":true,\"(payload|code|chatroom_msg_level)\":[\\[\\]{}\"0-9a-z,:.null-]{0,30}\\}"
                .prop_map(String::into_bytes)
                .boxed(),
            "\\{\"valid\":true,\"payload\":\\{\"(bodies|ext|msg|type)\":[\\[\\]{}\"0-9a-z,:-]{0,30}\\}\\}"
                .prop_map(String::into_bytes)
                .boxed(),
        ],
        status in 100u16..600,
    ) {
        let answer = Answer { status, body, cut: false };
        for case in ["pre-send-single-text", "pre-send-room-text", "pre-send-group-openim-mention", "chat"] {
            let (said, changes) = meaning(case, &answer);
            prop_assert!(changes.is_empty() || said == "allow");
            prop_assert!(status == 200 || said.starts_with("wrong") || said.starts_with("failed"));
        }
    }

    #[test]
    fn any_content_is_rendered_as_json(raw in "\\PC{0,60}", code in 90i32..125, ex in "\\PC{0,20}", own: bool) {
        let form = if own { "openim" } else { "easemob" };
        let code = if own { code } else { code - 90 };
        let content = Content { form: form.to_owned(), class: ContentClass::Other, code, raw };
        let told = event(Message { content, ex, priority: Priority::Low, ..group_image() }, &["bob"]);
        let rule = rule("agora", Phase::After);
        for copy in 0..2 {
            let outbound = contract("agora").delivery(&rule, &told, copy).unwrap().outbound;
            let body: Value = serde_json::from_slice(&outbound.body).unwrap();
            prop_assert!(body["payload"]["ext"].is_object());
            prop_assert_eq!(body["payload"]["bodies"].as_array().unwrap().len(), 1);
        }
    }
}
