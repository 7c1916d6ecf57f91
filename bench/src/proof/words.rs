//! The sentences of the report, in both languages.

/// A language that the documentation is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Chinese,
}

impl Language {
    /// The one of two texts that is in this language.
    pub(super) fn pick<'a>(self, english: &'a str, chinese: &'a str) -> &'a str {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }

    /// The report, from the root of the repository.
    pub(super) fn page(self) -> &'static str {
        match self {
            Self::English => "docs/proof.md",
            Self::Chinese => "docs/zh/proof.md",
        }
    }

    /// The README that quotes it.
    pub(super) fn readme(self) -> &'static str {
        match self {
            Self::English => "README.md",
            Self::Chinese => "README.zh-CN.md",
        }
    }
}

/// A text in both languages: English, Chinese.
type Text = (&'static str, &'static str);

/// What a scenario proves.
pub(super) struct Claim {
    pub(super) scenario: &'static str,
    pub(super) title: Text,
    pub(super) proves: Text,
}

/// In the order of the page.
pub(super) const CLAIMS: [Claim; 14] = [
    Claim {
        scenario: "send",
        title: ("Durable sends", "持久化发送"),
        proves: (
            "A message is on disk, with its event, before its sender has an answer, and an after-rule delivers every one \
             of them: this is what that costs beside HTTP calls of the bare library that store nothing.",
            "每条消息连同其事件先落盘、再应答发送者，并且一条 after 规则投递其中每一条：以下是相对于什么都不存储的裸 HTTP 调用的代价。",
        ),
    },
    Claim {
        scenario: "before",
        title: ("Being asked first", "发送前询问"),
        proves: (
            "Asking the app's backend before each message adds about one round trip to it.",
            "在每条消息之前询问业务后端，大约只多出一次到后端的往返。",
        ),
    },
    Claim {
        scenario: "after",
        title: ("Callbacks out of a full log", "从积压日志投递回调"),
        proves: (
            "What waits in the log is delivered at a rate that the receiver and its concurrency decide, not the dispatcher.",
            "日志中等待的回调，其投递速率由接收端及其并发度决定，而不是由分发器决定。",
        ),
    },
    Claim {
        scenario: "delay",
        title: ("From acceptance to delivery", "从接受到投递"),
        proves: (
            "At a steady pace a callback follows its message within milliseconds; a receiver that is slow or away is not \
             felt by those who send, and nothing that was accepted is dropped.",
            "在平稳速率下，回调在数毫秒内跟随其消息；接收端变慢或不在线时发送者感觉不到，已接受的任何内容都不会被丢弃。",
        ),
    },
    Claim {
        scenario: "mixed",
        title: ("Everything at once", "同时进行"),
        proves: (
            "With questions, reports and pushes for each message at once, every push and every callback comes, once.",
            "每条消息同时有询问、通知与推送时，每个推送和每个回调都到达，且仅一次。",
        ),
    },
    Claim {
        scenario: "fanout",
        title: ("A large group", "大群"),
        proves: (
            "One message to a group reaches 1,000 connections at a fair share of what a bare WebSocket server reaches, and \
             a callback for each of 1,999 offline members is made and delivered.",
            "一条群消息以裸 WebSocket 服务器的相当比例推送到 1,000 个连接，并为 1,999 名离线成员各自产生并投递一个回调。",
        ),
    },
    Claim {
        scenario: "rules",
        title: ("Rules that do not match", "不匹配的规则"),
        proves: (
            "Rules about other people cost a message next to nothing.",
            "与消息无关的规则几乎不增加消息的开销。",
        ),
    },
    Claim {
        scenario: "why",
        title: ("Remembering for `why`", "为 `why` 记录"),
        proves: (
            "That every call can be asked about afterwards costs at most a tenth of the throughput.",
            "每次调用事后都可查询，其代价不超过吞吐量的十分之一。",
        ),
    },
    Claim {
        scenario: "lag",
        title: ("A dead rule among many", "众多规则中的一条失效规则"),
        proves: (
            "A receiver that is dead, silent or broken delays its own callbacks and nobody else's.",
            "失效、沉默或出错的接收端只延误它自己的回调，不影响其他规则。",
        ),
    },
    Claim {
        scenario: "outage",
        title: ("A receiver that comes back", "接收端恢复"),
        proves: (
            "After an outage everything is delivered, without anybody doing anything.",
            "故障之后一切都会被投递，无需任何人工操作。",
        ),
    },
    Claim {
        scenario: "idle",
        title: ("Idle connections", "空闲连接"),
        proves: (
            "Ten thousand clients who say nothing cost memory that can be planned with.",
            "一万个不说话的客户端所占内存是可以规划的。",
        ),
    },
    Claim {
        scenario: "login",
        title: ("Logins with many conversations", "有大量会话的登录"),
        proves: (
            "A login costs what its list is long: no call grows faster than that.",
            "登录的开销与会话列表的长度成正比：没有任何调用增长得更快。",
        ),
    },
    Claim {
        scenario: "keywords",
        title: ("The keyword filter", "关键词过滤"),
        proves: (
            "Looking for a hundred thousand words costs microseconds, before anybody is asked.",
            "在询问任何人之前，查找十万个词只需几微秒。",
        ),
    },
    Claim {
        scenario: "start",
        title: ("A long history", "长历史"),
        proves: (
            "Cost grows with work, not with history: a server with a long log is ready at once, and as fast as a new one.",
            "开销随工作量增长，而不随历史增长：日志很长的服务器立即可用，且与新服务器一样快。",
        ),
    },
];

/// A proof that is no measurement.
pub(super) struct TrialClaim {
    /// How the names of its results begin.
    pub(super) results: &'static str,
    /// What made the result, where it does not say so itself.
    pub(super) command: &'static str,
    /// What a row is about, where the result has rows.
    pub(super) each: Text,
    pub(super) title: Text,
    pub(super) proves: Text,
}

/// In the order of the page.
pub(super) const TRIALS: [TrialClaim; 6] = [
    TrialClaim {
        results: "crash",
        command: "cargo run --release -p ringback-bench -- crash --kills 1000",
        each: ("run", "运行"),
        title: ("Killed under load", "负载下被杀死"),
        proves: (
            "The server was killed at random moments under mixed load and started again on the same folder. Every \
             acknowledged message was in history exactly once, without a gap in sequence numbers; every after-callback \
             came at least once, with one id and the same bytes; bans, cursors and storage agreed with what receivers \
             and senders had written down themselves.",
            "服务器在混合负载下于随机时刻被杀死，并在同一目录上重新启动。每条已确认的消息在历史中恰好出现一次，序号无间断；\
             每个 after 回调至少到达一次，id 与字节始终相同；封禁、游标与存储和接收端、发送端各自的记录一致。",
        ),
    },
    TrialClaim {
        results: "power-cut",
        command: "cargo test -p ringback-store --test power",
        each: ("run", "运行"),
        title: ("Power cut", "断电"),
        proves: (
            "Everything that the store wrote was recorded, and the power cut at points of that record: what was not synced \
             was dropped, torn or reordered. The store opened on every such disk, with all that it had acknowledged, and \
             with nothing by halves.",
            "记录存储的全部写操作，并在记录的各点模拟断电：未同步的内容被丢弃、撕裂或乱序。存储在每个这样的磁盘上都能打开，\
             包含其确认过的一切，且没有只写了一半的内容。",
        ),
    },
    TrialClaim {
        results: "fuzz",
        command: "fuzz/run",
        each: ("target", "目标"),
        title: ("Decoders under fuzzing", "解码器模糊测试"),
        proves: (
            "Every decoder of bytes from outside was fuzzed, guided by coverage, without a crash, a hang, an answer in the \
             wrong form or memory beyond its bound. The corpora are replayed by the tests.",
            "所有外部字节的解码器都经过覆盖率引导的模糊测试，没有崩溃、挂起、形式错误的应答，也没有超出上限的内存。\
             测试会重放这些语料。",
        ),
    },
    TrialClaim {
        results: "attacks",
        command: "cargo test -p ringback-e2e --test it -- attacks::",
        each: ("attack", "攻击"),
        title: ("Attacks", "攻击"),
        proves: (
            "Slow, endless, enormous, deep and forged requests and answers met bounds: memory stayed within its limit, \
             errors were clear, and others were served meanwhile.",
            "缓慢、无尽、巨大、过深与伪造的请求和应答都受到限制：内存保持在上限内，错误清晰，其他人同时得到服务。",
        ),
    },
    TrialClaim {
        results: "schemathesis",
        command: "e2e/schemathesis/run",
        each: ("document", "文档"),
        title: ("The API documents, taken at their word", "按 API 文档逐条验证"),
        proves: (
            "Requests generated from the OpenAPI documents found no answer of 500 or above, no hang, and no answer that \
             the documents do not announce.",
            "由 OpenAPI 文档生成的请求没有得到任何 500 及以上的应答、没有挂起，也没有文档未声明的应答。",
        ),
    },
    TrialClaim {
        results: "test",
        command: "./test",
        each: ("run", "运行"),
        title: ("The tests", "测试"),
        proves: ("What `./test` ran in a fresh clone.", "在全新克隆中运行 `./test` 的结果。"),
    },
];
