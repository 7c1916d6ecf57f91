//! The provider that tells the app's backend, which wakes the devices itself.

use std::sync::Arc;
use std::time::Duration;

use ringback_callbacks::{CallPolicy, Caller, headers, signature, webhook_id};
use ringback_model::delivery::Outbound;
use ringback_model::limits;
use ringback_model::ports::{Clock, Fut};
use ringback_model::rule::Secrets;
use ringback_model::wake::{PushProvider, Wake, WakeFailure};

use super::body;
use crate::settings::Secret;

/// What [`HttpPush`] is made of.
pub struct HttpPushParts {
    /// Where it posts to.
    pub url: String,
    /// What it signs with.
    pub secret: Option<Secret>,
    /// Time for one request.
    pub timeout: Duration,
    /// Opens connections, and polices addresses.
    pub caller: Arc<dyn Caller>,
    /// Wall time, for signatures.
    pub clock: Arc<dyn Clock>,
}

/// Posts JSON; a 2xx status says that it was taken.
pub struct HttpPush {
    url: String,
    secrets: Secrets,
    how: CallPolicy,
    caller: Arc<dyn Caller>,
    clock: Arc<dyn Clock>,
}

impl HttpPush {
    /// A provider that posts there.
    #[must_use]
    pub fn new(parts: HttpPushParts) -> Self {
        let current = parts.secret.map(|secret| secret.reveal().to_owned());
        Self {
            url: parts.url,
            secrets: Secrets { current, previous: None },
            how: CallPolicy {
                timeout: parts.timeout,
                answer_bytes: limits::AFTER_ANSWER_BYTES,
                cut_long_answers: true,
                // The URL stands in the operator's own settings.
                allow_private: true,
                ca_file: None,
                pace: None,
            },
            caller: parts.caller,
            clock: parts.clock,
        }
    }

    /// Id, number of the attempt and, with a secret, time and signature: as callbacks carry them.
    fn headers(&self, id: &str, attempt: u32, body: &[u8]) -> Vec<(String, String)> {
        let mut carried = vec![(webhook_id::HEADER.to_owned(), id.to_owned())];
        if attempt > 1 {
            carried.push((headers::ATTEMPT_HEADER.to_owned(), attempt.to_string()));
        }
        let at_s = self.clock.now().seconds();
        if let Some(signed) = signature::sign(&self.secrets, id, at_s, body) {
            carried.push((signature::TIMESTAMP_HEADER.to_owned(), at_s.to_string()));
            carried.push((signature::SIGNATURE_HEADER.to_owned(), signed));
        }
        carried
    }

    async fn post(&self, wake: &Wake, attempt: u32) -> Result<(), WakeFailure> {
        let outbound = Outbound { url: self.url.clone(), headers: Vec::new(), body: body(wake).into() };
        let extra = self.headers(&wake.id, attempt, &outbound.body);
        match self.caller.call(&outbound, &extra, &self.how).await {
            Ok(response) if (200..300).contains(&response.answer.status) => Ok(()),
            Ok(response) => Err(WakeFailure {
                text: format!("status {}", response.answer.status),
                after: response.retry_after,
            }),
            Err(error) => Err(WakeFailure { text: error.to_string(), after: None }),
        }
    }
}

impl PushProvider for HttpPush {
    fn wake<'a>(&'a self, wake: &'a Wake, attempt: u32) -> Fut<'a, Result<(), WakeFailure>> {
        Box::pin(self.post(wake, attempt))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use ringback_callbacks::{CallError, CallErrorKind, Response};
    use ringback_model::conversation::Target;
    use ringback_model::delivery::Answer;
    use ringback_model::ids::{MessageId, UserId};
    use ringback_model::message::{ContentClass, Message, OfflinePush};
    use ringback_model::record::PushToken;
    use ringback_model::sample;
    use ringback_model::time::UnixMs;
    use ringback_model::user::Platform;
    use serde_json::json;

    use super::*;

    type Called = (Outbound, Vec<(String, String)>, CallPolicy);

    /// Answers the same always, and remembers what it was called with.
    struct Scripted {
        status: Option<u16>,
        called: Mutex<Vec<Called>>,
    }

    impl Caller for Scripted {
        fn call<'a>(
            &'a self,
            request: &'a Outbound,
            extra: &'a [(String, String)],
            how: &'a CallPolicy,
        ) -> Fut<'a, Result<Response, CallError>> {
            self.called.lock().unwrap().push((request.clone(), extra.to_vec(), how.clone()));
            let result = match self.status {
                None => Err(CallError::new(CallErrorKind::Connect, "nobody listens")),
                Some(status) => Ok(Response {
                    answer: Answer { status, body: b"whatever".to_vec(), cut: false },
                    retry_after: (status == 503).then_some(Duration::from_secs(7)),
                }),
            };
            Box::pin(std::future::ready(result))
        }
    }

    struct Noon;

    impl Clock for Noon {
        fn now(&self) -> UnixMs {
            UnixMs(1_700_000_000_500)
        }
    }

    fn wake() -> Wake {
        let user = |name: &str| UserId::parse(name).unwrap();
        let content = sample::content(ContentClass::Text, 101, "nobody's business");
        let message = sample::message(user("ann"), Target::User(user("bob")), content, UnixMs(5));
        Wake {
            id: "push_7_0".to_owned(),
            message: Arc::new(Message { id: MessageId(7), seq: 3, nickname: "Ann".to_owned(), ..message }),
            users: vec![user("bob")],
            devices: vec![PushToken {
                user: user("bob"),
                platform: Platform(2),
                token: "where".to_owned(),
                expires_at: UnixMs(0),
            }],
            show: OfflinePush { title: "Ann".to_owned(), ios_badge: true, ..OfflinePush::default() },
        }
    }

    async fn post(
        status: Option<u16>,
        secret: Option<&str>,
        attempt: u32,
    ) -> (Result<(), WakeFailure>, Called) {
        let caller = Arc::new(Scripted { status, called: Mutex::default() });
        let push = HttpPush::new(HttpPushParts {
            url: "http://127.0.0.1:9/push".to_owned(),
            secret: secret.map(|text| Secret::new(text.to_owned())),
            timeout: Duration::from_secs(3),
            caller: Arc::clone(&caller) as Arc<dyn Caller>,
            clock: Arc::new(Noon),
        });
        let result = push.wake(&wake(), attempt).await;
        let called = caller.called.lock().unwrap().pop().unwrap();
        (result, called)
    }

    #[tokio::test]
    async fn the_request_says_who_and_what_to_show_and_not_what_was_said() {
        let (result, (outbound, headers, how)) = post(Some(204), None, 1).await;
        assert_eq!(result, Ok(()));
        assert_eq!((outbound.url.as_str(), how.timeout), ("http://127.0.0.1:9/push", Duration::from_secs(3)));
        assert_eq!(headers, [("webhook-id".to_owned(), "push_7_0".to_owned())]);
        let said: serde_json::Value = serde_json::from_slice(&outbound.body).unwrap();
        let expected = json!({
            "id": "push_7_0",
            "users": ["bob"],
            "devices": [{"user": "bob", "platform": 2, "token": "where"}],
            "show": {
                "title": "Ann", "desc": "", "ex": "", "ios_sound": "", "ios_badge": true, "signal_info": ""
            },
            "message": {
                "id": "7", "client_id": "sample", "kind": "text", "from": "ann", "from_name": "Ann",
                "to_user": "bob", "to_group": null, "seq": 3, "sent_at_ms": 5
            }
        });
        assert_eq!(said, expected);
    }

    #[tokio::test]
    async fn with_a_secret_every_attempt_is_signed_over_the_same_bytes() {
        let (_, (first, signed, _)) = post(Some(200), Some("hush"), 1).await;
        let (_, (second, again, _)) = post(Some(200), Some("hush"), 2).await;
        assert_eq!(first.body, second.body);
        let get = |headers: &[(String, String)], name: &str| {
            headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone())
        };
        let secrets = Secrets { current: Some("hush".to_owned()), previous: None };
        let expected = signature::sign(&secrets, "push_7_0", 1_700_000_000, &first.body);
        assert_eq!(get(&signed, "webhook-signature"), expected);
        assert_eq!(get(&signed, "webhook-timestamp").as_deref(), Some("1700000000"));
        assert_eq!(
            (get(&signed, "ringback-attempt"), get(&again, "ringback-attempt").as_deref()),
            (None, Some("2"))
        );
    }

    #[tokio::test]
    async fn only_a_2xx_status_takes_it() {
        for status in [199, 302, 404, 500] {
            let failure = post(Some(status), None, 1).await.0.unwrap_err();
            assert_eq!((failure.text, failure.after), (format!("status {status}"), None));
        }
        let asked = post(Some(503), None, 1).await.0.unwrap_err();
        assert_eq!(asked.after, Some(Duration::from_secs(7)));
        assert_eq!(post(None, None, 1).await.0.unwrap_err().text, "connect: nobody listens");
    }
}
