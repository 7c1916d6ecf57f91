//! The table of everything that can be asked: paths, methods, parameters, answers, and who does it.

use http::Method;
use ringback_model::limits;
use ringback_model::ports::Fut;

use super::error::ApiError;
use super::input::Input;
use super::reply::Reply;
use super::{Admin, audit, bans, dialects, keywords, replays, rules, schemas, storage, why};

/// One thing that can be asked.
pub(super) struct Operation {
    /// Its name, for programs.
    pub(super) id: &'static str,
    pub(super) method: Method,
    /// Below [`ROOT`](super::ROOT); segments in braces take any one segment.
    pub(super) path: &'static str,
    /// A sentence.
    pub(super) summary: &'static str,
    /// Anybody may ask.
    pub(super) open: bool,
    /// It honours `If-Match`.
    pub(super) versioned: bool,
    pub(super) query: &'static [Param],
    pub(super) body: Body,
    /// The status of success, and the name of the schema of its answer.
    pub(super) answer: (u16, &'static str),
    /// Another status of success, with the same answer, and what it means.
    pub(super) also: Option<(u16, &'static str)>,
    pub(super) run: Run,
}

/// Carries an operation out.
pub(super) type Run = for<'a> fn(&'a Admin, &'a Input) -> Fut<'a, Result<Reply, ApiError>>;

/// A query parameter.
pub(super) struct Param {
    pub(super) name: &'static str,
    /// Its type in JSON Schema.
    pub(super) kind: &'static str,
    pub(super) doc: &'static str,
}

/// What a request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    None,
    /// The fields of a rule.
    Rule,
    /// The fields of a rule that are to change.
    RuleChange,
    /// [`super::views::RetryOrder`]; may be left out.
    Retry,
    /// [`super::replays::NewReplay`].
    Replay,
    /// [`super::why::WhyDry`].
    WhyDry,
    /// [`super::keywords::NewWordList`].
    WordList,
    /// [`super::keywords::KeywordCheck`].
    KeywordCheck,
}

impl Body {
    /// How long it may be, bytes.
    pub(super) const fn most(self) -> usize {
        match self {
            Self::WordList => limits::WORD_LIST_BYTES,
            _ => limits::REST_BODY_BYTES,
        }
    }
}

const BASE: Operation = Operation {
    id: "",
    method: Method::GET,
    path: "",
    summary: "",
    open: false,
    versioned: false,
    query: &[],
    body: Body::None,
    answer: (200, ""),
    also: None,
    run: |admin, input| Box::pin(rules::list(admin, input)),
};

const PURGE: Param =
    Param { name: "purge", kind: "boolean", doc: "Throw away what the rule has parked, too." };
const KIND: Param = Param {
    name: "kind",
    kind: "string",
    doc: "`hmac-sha256` or `ed25519`, which receivers check with the rule's `public_key`; without it as before.",
};
const PART: Param = Param {
    name: "part",
    kind: "string",
    doc: "`request` or `answer`: that schema alone, as `application/schema+json`.",
};
const PAGE: &[Param] = &[
    Param { name: "rule", kind: "string", doc: "Only deliveries of the rule with this name or id." },
    Param { name: "after", kind: "string", doc: "`next` of the page before." },
    Param { name: "limit", kind: "integer", doc: "Deliveries in the page, 1 to 200; 50 without it." },
];

/// All operations; paths without braces before those with.
pub(super) static OPERATIONS: &[Operation] = &[
    Operation {
        id: "listRules",
        path: "/admin/v1/rules",
        summary: "All rules with their state: those of files first, then in the order of their making.",
        answer: (200, "RuleList"),
        run: |admin, input| Box::pin(rules::list(admin, input)),
        ..BASE
    },
    Operation {
        id: "createRule",
        method: Method::POST,
        path: "/admin/v1/rules",
        summary: "Makes a rule. The answer shows its secret.",
        body: Body::Rule,
        answer: (201, "Rule"),
        run: |admin, input| Box::pin(rules::create(admin, input)),
        ..BASE
    },
    Operation {
        id: "showRule",
        path: "/admin/v1/rules/{name}",
        summary: "One rule with its state.",
        answer: (200, "Rule"),
        run: |admin, input| Box::pin(rules::show(admin, input)),
        ..BASE
    },
    Operation {
        id: "replaceRule",
        method: Method::PUT,
        path: "/admin/v1/rules/{name}",
        summary: "Makes a rule anew: what is not named has its default, except the secrets.",
        versioned: true,
        body: Body::RuleChange,
        answer: (200, "Rule"),
        run: |admin, input| Box::pin(rules::replace(admin, input)),
        ..BASE
    },
    Operation {
        id: "changeRule",
        method: Method::PATCH,
        path: "/admin/v1/rules/{name}",
        summary: "Changes what is named; null brings the default back.",
        versioned: true,
        body: Body::RuleChange,
        answer: (200, "Rule"),
        run: |admin, input| Box::pin(rules::patch(admin, input)),
        ..BASE
    },
    Operation {
        id: "removeRule",
        method: Method::DELETE,
        path: "/admin/v1/rules/{name}",
        summary: "Removes a rule. What it has parked stays, unless `purge` says otherwise.",
        versioned: true,
        query: &[PURGE],
        answer: (200, "Deleted"),
        run: |admin, input| Box::pin(rules::remove(admin, input)),
        ..BASE
    },
    Operation {
        id: "showSecret",
        path: "/admin/v1/rules/{name}/secret",
        summary: "The secrets of a rule.",
        answer: (200, "SecretView"),
        run: |admin, input| Box::pin(rules::secret(admin, input)),
        ..BASE
    },
    Operation {
        id: "rotateSecret",
        method: Method::POST,
        path: "/admin/v1/rules/{name}/secret/rotate",
        summary: "Gives a rule a new secret and keeps the present one as the previous one. The answer shows it.",
        versioned: true,
        query: &[KIND],
        answer: (200, "Rule"),
        run: |admin, input| Box::pin(rules::rotate(admin, input)),
        ..BASE
    },
    Operation {
        id: "testRule",
        method: Method::POST,
        path: "/admin/v1/rules/{name}/test",
        summary: "Sends one sample callback, whether the rule is on or not, and says what came back.",
        answer: (200, "TestResult"),
        run: |admin, input| Box::pin(rules::test(admin, input)),
        ..BASE
    },
    Operation {
        id: "showBans",
        path: "/admin/v1/bans",
        summary: "The app's ban: whether it is in force, what it rests on, and how long the next one would be.",
        answer: (200, "Bans"),
        run: |admin, input| Box::pin(bans::show(admin, input)),
        ..BASE
    },
    Operation {
        id: "liftBan",
        method: Method::DELETE,
        path: "/admin/v1/bans",
        summary: "Ends the ban that is in force.",
        answer: (200, "Lifted"),
        run: |admin, input| Box::pin(bans::lift(admin, input)),
        ..BASE
    },
    Operation {
        id: "listWordLists",
        path: "/admin/v1/keywords",
        summary: "All word lists, without their words: those of the file first.",
        answer: (200, "WordLists"),
        run: |admin, input| Box::pin(keywords::list(admin, input)),
        ..BASE
    },
    Operation {
        id: "checkKeywords",
        method: Method::POST,
        path: "/admin/v1/keywords/check",
        summary: "Says what would become of a text. Nothing is sent, told or counted.",
        body: Body::KeywordCheck,
        answer: (200, "KeywordChecked"),
        run: |admin, input| Box::pin(keywords::check(admin, input)),
        ..BASE
    },
    Operation {
        id: "showWordList",
        path: "/admin/v1/keywords/{list}",
        summary: "One word list with its words.",
        answer: (200, "WordList"),
        run: |admin, input| Box::pin(keywords::show(admin, input)),
        ..BASE
    },
    Operation {
        id: "putWordList",
        method: Method::PUT,
        path: "/admin/v1/keywords/{list}",
        summary: "Keeps a word list in place of the one of its name. In force when this is answered.",
        body: Body::WordList,
        answer: (200, "WordList"),
        also: Some((201, "The list is new.")),
        run: |admin, input| Box::pin(keywords::keep(admin, input)),
        ..BASE
    },
    Operation {
        id: "removeWordList",
        method: Method::DELETE,
        path: "/admin/v1/keywords/{list}",
        summary: "Removes a word list.",
        answer: (200, "WordListDeleted"),
        run: |admin, input| Box::pin(keywords::remove(admin, input)),
        ..BASE
    },
    Operation {
        id: "listSlices",
        path: "/admin/v1/storage",
        summary: "The slices of parked deliveries of all rules, oldest first.",
        answer: (200, "SliceList"),
        run: |admin, input| Box::pin(storage::info(admin, input)),
        ..BASE
    },
    Operation {
        id: "listParked",
        path: "/admin/v1/storage/{date}",
        summary: "The deliveries of one slice, in pages.",
        query: PAGE,
        answer: (200, "ParkedList"),
        run: |admin, input| Box::pin(storage::list(admin, input)),
        ..BASE
    },
    Operation {
        id: "retrySlice",
        method: Method::POST,
        path: "/admin/v1/storage/{date}/retry",
        summary: "Begins to send a slice again. What is taken leaves it, the rest stays; `GET /storage` shows it.",
        body: Body::Retry,
        answer: (202, "RetryStarted"),
        run: |admin, input| Box::pin(storage::retry(admin, input)),
        ..BASE
    },
    Operation {
        id: "why",
        path: "/admin/v1/why",
        summary: "What became of a message or action, rule by rule, and why.",
        query: &[
            Param {
                name: "id",
                kind: "string",
                doc: "A message's number in either form, or the id of a callback, an operation or a client's message.",
            },
            Param {
                name: "conversation",
                kind: "string",
                doc: "Instead of `id`, with `seq`: `u:USER:USER`, `g:GROUP`, or its name as clients know it.",
            },
            Param { name: "seq", kind: "string", doc: "Number of the message in that conversation." },
        ],
        answer: (200, "Why"),
        run: |admin, input| Box::pin(why::show(admin, input)),
        ..BASE
    },
    Operation {
        id: "whyDry",
        method: Method::POST,
        path: "/admin/v1/why",
        summary: "What the rules as they are now would make of something made up. Nobody is called.",
        body: Body::WhyDry,
        answer: (200, "Why"),
        run: |admin, input| Box::pin(why::dry(admin, input)),
        ..BASE
    },
    Operation {
        id: "audit",
        path: "/admin/v1/audit",
        summary: "What became of everything in the log: a page of it, with sums and whatever was not delivered.",
        query: &[
            Param { name: "rule", kind: "string", doc: "Only the rule with this name or id." },
            Param {
                name: "since",
                kind: "string",
                doc: "Only events of this time or later: RFC 3339, or how long ago, such as `2h`.",
            },
            Param { name: "after", kind: "string", doc: "`last` of the page before." },
            Param { name: "upto", kind: "string", doc: "`upto` of the page before." },
        ],
        answer: (200, "Audit"),
        run: |admin, input| Box::pin(audit::show(admin, input)),
        ..BASE
    },
    Operation {
        id: "listReplays",
        path: "/admin/v1/replays",
        summary: "Replays under way, and the last ones that are over; newest first.",
        answer: (200, "ReplayList"),
        run: |admin, input| Box::pin(replays::list(admin, input)),
        ..BASE
    },
    Operation {
        id: "createReplay",
        method: Method::POST,
        path: "/admin/v1/replays",
        summary: "Sends a rule's past callbacks again: counts them, then sends them. With `dry` it only counts, answers \
                  with 200 when it has, and sends nothing; with `hold` it pauses between the two.",
        body: Body::Replay,
        answer: (201, "Replay"),
        also: Some((200, "Counted; nothing is sent.")),
        run: |admin, input| Box::pin(replays::create(admin, input)),
        ..BASE
    },
    Operation {
        id: "showReplay",
        path: "/admin/v1/replays/{id}",
        summary: "How a replay is doing.",
        answer: (200, "Replay"),
        run: |admin, input| Box::pin(replays::show(admin, input)),
        ..BASE
    },
    Operation {
        id: "pauseReplay",
        method: Method::POST,
        path: "/admin/v1/replays/{id}/pause",
        summary: "Lets a replay start no more calls until it is resumed.",
        answer: (200, "Replay"),
        run: |admin, input| Box::pin(replays::pause(admin, input)),
        ..BASE
    },
    Operation {
        id: "resumeReplay",
        method: Method::POST,
        path: "/admin/v1/replays/{id}/resume",
        summary: "Lets a replay that is paused go on.",
        answer: (200, "Replay"),
        run: |admin, input| Box::pin(replays::resume(admin, input)),
        ..BASE
    },
    Operation {
        id: "cancelReplay",
        method: Method::DELETE,
        path: "/admin/v1/replays/{id}",
        summary: "Ends a replay; its calls under way are finished, and `position` says where another one can go on.",
        answer: (200, "Replay"),
        run: |admin, input| Box::pin(replays::cancel(admin, input)),
        ..BASE
    },
    Operation {
        id: "listDialects",
        path: "/admin/v1/dialects",
        summary: "The dialects that rules may name, with their events and defaults.",
        answer: (200, "DialectList"),
        run: |admin, input| Box::pin(dialects::list(admin, input)),
        ..BASE
    },
    Operation {
        id: "listSchemas",
        path: "/admin/v1/schemas",
        summary: "The callbacks of every dialect; `href` leads to their JSON Schemas.",
        open: true,
        answer: (200, "SchemaList"),
        run: |admin, input| Box::pin(schemas::list(admin, input)),
        ..BASE
    },
    Operation {
        id: "showSchema",
        path: "/admin/v1/schemas/{dialect}/{callback}",
        summary: "The JSON Schemas of a callback's body and of answers to it.",
        open: true,
        query: &[PART],
        answer: (200, "SchemaView"),
        run: |admin, input| Box::pin(schemas::show(admin, input)),
        ..BASE
    },
    Operation {
        id: "describeAdmin",
        path: "/admin/v1/openapi.json",
        summary: "This description.",
        open: true,
        answer: (200, "OpenApi"),
        run: |admin, input| Box::pin(dialects::own_description(admin, input)),
        ..BASE
    },
    Operation {
        id: "describeEdge",
        path: "/admin/v1/openapi/{edge}",
        summary: "The description of a dialect's REST interface: its name with `.json`.",
        open: true,
        answer: (200, "OpenApi"),
        run: |admin, input| Box::pin(dialects::edge_description(admin, input)),
        ..BASE
    },
];

impl Operation {
    /// The names in braces.
    pub(super) fn params(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(param)
    }

    /// What stood in the braces, if the segments are of this path.
    fn matches(&self, segments: &[String]) -> Option<Vec<(&'static str, String)>> {
        let mut params = Vec::new();
        let mut template = self.path.split('/').skip(1);
        for segment in segments {
            let expected = template.next()?;
            match param(expected) {
                Some(name) => params.push((name, segment.clone())),
                None if expected == segment => {}
                None => return None,
            }
        }
        template.next().is_none().then_some(params)
    }
}

fn param(segment: &'static str) -> Option<&'static str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// A path that is served.
pub(super) struct Place {
    pub(super) path: &'static str,
    pub(super) params: Vec<(&'static str, String)>,
}

impl Place {
    /// The path that these decoded segments are of.
    pub(super) fn find(segments: &[String]) -> Option<Self> {
        let found =
            |operation: &Operation| Some(Self { path: operation.path, params: operation.matches(segments)? });
        OPERATIONS.iter().find_map(found)
    }

    fn operations(&self) -> impl Iterator<Item = &'static Operation> {
        let path = self.path;
        OPERATIONS.iter().filter(move |operation| operation.path == path)
    }

    /// What this method means here; `HEAD` is `GET` whose body is not sent.
    pub(super) fn operation(&self, method: &Method) -> Option<&'static Operation> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        self.operations().find(|operation| operation.method == *method)
    }

    /// The methods that mean something here, for `Allow`.
    pub(super) fn allowed(&self) -> String {
        let mut all: Vec<&str> = self.operations().map(|operation| operation.method.as_str()).collect();
        if all.contains(&"GET") {
            all.push("HEAD");
        }
        all.push("OPTIONS");
        all.join(", ")
    }
}

#[cfg(test)]
mod tests;
