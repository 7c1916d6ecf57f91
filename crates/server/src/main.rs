//! The binary `ringback`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    ringback_server::cli::run().await
}
