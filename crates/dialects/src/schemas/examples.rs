//! Answers for examples.

use ringback_model::delivery::Outbound;
use ringback_model::dialect::{EdgeRequest, Effect, Instruction, Method, Receiver};
use ringback_model::time::UnixMs;

/// Answers to a call as a receiver writes them: yes, no, and another text where there is one.
pub(crate) fn answers(receiver: &dyn Receiver, contract: &str, call: &Outbound) -> Vec<String> {
    let request = EdgeRequest {
        route: "",
        method: Method::Post,
        path: call.url.clone(),
        params: Vec::new(),
        query: Vec::new(),
        headers: call.headers.clone(),
        body: call.body.to_vec(),
        file: None,
        at: UnixMs(0),
        secure: true,
    };
    let Some(described) = receiver.describe(&request, Some(contract)) else { return Vec::new() };
    let deny = Instruction::Deny { code: 5001, text: "not today".to_owned() };
    let replace = Instruction::Replace { text: "***".to_owned() };
    let [allowed, denied, replaced] =
        [Instruction::Allow, deny, replace].map(|it| receiver.answer(&described, &it));
    let replaced = Some(replaced).filter(|answered| answered.effect == Effect::Replaced);
    let bodies = [Some(allowed), Some(denied), replaced].into_iter().flatten().map(|answered| answered.body);
    bodies.map(|body| String::from_utf8_lossy(&body).into_owned()).collect()
}
