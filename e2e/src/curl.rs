//! A newcomer's tools: `curl` and `md5sum`, as processes of their own.

use std::net::SocketAddr;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// Whether these programs are installed here.
pub async fn installed() -> bool {
    for program in ["curl", "md5sum"] {
        let run = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !run.await.is_ok_and(|status| status.success()) {
            return false;
        }
    }
    true
}

/// `curl` with a bearer token.
#[derive(Debug, Clone)]
pub struct Curl {
    addr: SocketAddr,
    token: String,
}

/// What `curl` printed.
#[derive(Debug, Clone)]
pub struct Printed {
    pub status: u16,
    /// The body as JSON; null when it is not.
    pub body: Value,
    pub text: String,
}

impl Printed {
    /// The body of a call that succeeded.
    ///
    /// # Panics
    /// When it did not.
    #[allow(clippy::must_use_candidate, reason = "often called for the check alone")]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text);
        self.body
    }

    /// The body of a call that was refused with this status.
    ///
    /// # Panics
    /// When it was not.
    #[allow(clippy::must_use_candidate, reason = "often called for the check alone")]
    pub fn refused(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert!(self.body.is_object(), "an error has a JSON body: {}", self.text);
        self.body
    }
}

impl Curl {
    #[must_use]
    pub const fn new(addr: SocketAddr) -> Self {
        Self { addr, token: String::new() }
    }

    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// `curl -X GET`.
    ///
    /// # Panics
    /// When it got no answer.
    pub async fn get(&self, path: &str) -> Printed {
        self.run("GET", path, None).await
    }

    /// `curl -X POST` with a JSON body.
    ///
    /// # Panics
    /// When it got no answer.
    pub async fn post(&self, path: &str, body: &Value) -> Printed {
        self.run("POST", path, Some(&body.to_string())).await
    }

    /// Any call.
    ///
    /// # Panics
    /// When it got no answer.
    pub async fn run(&self, method: &str, path: &str, body: Option<&str>) -> Printed {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--max-time", "20", "--noproxy", "*", "-X", method]);
        if !self.token.is_empty() {
            command.args(["-H", &format!("Authorization: Bearer {}", self.token)]);
        }
        if let Some(body) = body {
            command.args(["-H", "Content-Type: application/json", "--data-raw", body]);
        }
        command.args(["-w", "\n%{http_code}"]).arg(format!("http://{}{path}", self.addr));
        let output = command.output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let (text, status) = printed.rsplit_once('\n').unwrap();
        Printed {
            status: status.parse().unwrap(),
            body: serde_json::from_str(text).unwrap_or(Value::Null),
            text: text.to_owned(),
        }
    }
}

/// `printf '%s' TEXT | md5sum`.
///
/// # Panics
/// When there is no such program.
pub async fn md5sum(text: &str) -> String {
    let mut child = Command::new("md5sum")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).await.unwrap();
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    String::from_utf8_lossy(&output.stdout).split_whitespace().next().unwrap_or_default().to_owned()
}
