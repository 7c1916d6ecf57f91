//! The binary `ringback`.

use std::process::ExitCode;

/// A message makes many small allocations on several threads; the system's allocator took a quarter of the
/// processor time of a delivery. Source: docs/decisions/0008-libraries.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    ringback_server::cli::run().await
}
