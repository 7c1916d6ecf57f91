//! The binary `ringback`.

use std::process::ExitCode;

/// A message makes many allocations that other threads free. The system's allocator took a quarter of the processor
/// time of a delivery for that; this one hands out first what was freed last, which is in the processor's cache still.
/// Source: docs/decisions/0008-libraries.md.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    ringback_server::cli::run().await
}
