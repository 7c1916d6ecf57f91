//! Questions about several that a contract asks about one by one.

use futures_util::{StreamExt, stream};
use ringback_model::event::{Question, Subject};
use ringback_model::failure::Failure;
use ringback_model::limits;
use ringback_model::verdict::{AnswerCheck, AnyAnswer};
use tokio::time::Instant;

use super::answer::{Answered, Silence, changed, unusable};
use super::{EngineGate, tolerate};
use crate::live::{LiveRule, LiveVersion};

impl EngineGate {
    /// Asks about each part, several at once. One refusal refuses all; of a part about which nothing usable is said, the
    /// rule's policy decides.
    pub(super) async fn ask_singly(
        &self,
        rule: (&LiveRule, &LiveVersion),
        question: &Question,
        check: &dyn AnswerCheck,
        deadline: Instant,
    ) -> Result<Result<Answered, Silence>, Failure> {
        let parts = question.subject.singly().into_iter().zip(0..);
        // What a check looks at is the whole.
        let asking = parts.map(|(subject, part)| async move {
            let one = Question { subject, ..question.clone() };
            let answered = self.ask_one(rule, (&one, part), &AnyAnswer, deadline).await;
            answered.map(|answered| (one.subject, answered))
        });
        let mut answers = stream::iter(asking).buffered(limits::QUESTIONS_OF_ONE_CALL);
        let (mut parts, mut any_changed) = (Vec::new(), false);
        while let Some(answer) = answers.next().await {
            let (part, answered) = answer?;
            parts.push(match answered {
                Ok(Answered::Changed { subject, .. }) => {
                    any_changed = true;
                    subject
                }
                Ok(Answered::Same | Answered::Unasked) => part,
                Ok(no @ Answered::No(_)) => return Ok(Ok(no)),
                Err(silence) => {
                    tolerate(rule.0, rule.1, question.kind, silence)?;
                    part
                }
            });
        }
        if !any_changed {
            return Ok(Ok(Answered::Same));
        }
        let Some(whole) = Subject::together(parts) else {
            return Ok(Err(unusable("the parts of the question do not fit together".to_owned())));
        };
        match check.check(whole).await {
            Ok(subject) => Ok(Ok(changed(&question.subject, subject))),
            Err(Failure::Refused(refusal)) => Ok(Err(unusable(refusal.detail))),
            Err(fault) => Err(fault),
        }
    }
}
