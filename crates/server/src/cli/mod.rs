//! The command line: one module per command, each with its `Args` and its `run`.

mod access;
pub mod audit;
pub mod bans;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod interrupt;
pub mod keywords;
pub mod listen;
mod print;
pub mod replay;
pub(crate) mod rest;
pub mod rules;
pub mod schemas;
pub mod serve;
pub mod storage;
pub mod token;
pub mod why;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What every command takes.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Global {
    /// Print for machines: one JSON value per line on standard output
    #[arg(long, global = true)]
    pub json: bool,
}

/// Done.
pub const DONE: u8 = 0;
/// The answer is no: something is broken, refused or not there.
pub const NO: u8 = 1;
/// The command was used wrongly: flags or files that cannot be understood.
pub const WRONG_USE: u8 = 2;

const EXAMPLES: &str = "\
Examples:
  ringback demo                               # watch messages and their callbacks, nothing to prepare
  ringback listen                             # a receiver for your laptop
  ringback doctor URL                         # what to mend in a receiver of your own
  ringback config check webhooks.yml          # what a rule file means
  ringback serve --dev --config ringback.yml  # a server for development
  ringback rules list                         # whom a running server calls
  ringback why 7301442233445566               # why callbacks about this message came, or did not
  ringback COMMAND --help                     # more about one command

Exit codes: 0 done; 1 no: refused, broken or not there; 2 used wrongly.";

/// An instant-messaging server that asks your backend before an event, and tells it afterwards, durably.
#[derive(Debug, Parser)]
#[command(name = "ringback", version, propagate_version = true, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Args),
    /// Show everything at once: server, receiver and two clients that chat
    Demo(demo::Args),
    /// Run a callback receiver that prints what it gets and answers as told
    Listen(listen::Args),
    /// Grade a callback receiver: send it samples, also odd ones, and say what to mend
    Doctor(doctor::Args),
    /// Make, change and try out the rules of a running server
    Rules(rules::Args),
    /// Look at the word lists of a running server, change them, and try texts
    Keywords(keywords::Args),
    /// Look at parked deliveries of a running server, and send them again
    Storage(storage::Args),
    /// Send past callbacks of a running server again: counted first, with their ids and bytes
    Replay(replay::Args),
    /// Say why callbacks came, or did not
    Why(why::Args),
    /// Prove that everything in the log was delivered, or say what was not
    Audit(audit::Args),
    /// Look at the ban of a running server's app, and lift it
    Bans(bans::Args),
    /// Check or print configuration
    Config(config::Args),
    /// Print what callbacks and their answers look like, as JSON Schema
    Schemas(schemas::Args),
    /// Make tokens
    Token(token::Args),
}

/// Reads the command line and carries it out. Exit codes: [`DONE`], [`NO`], [`WRONG_USE`].
pub async fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are not errors; their exit code is 0, everything else is wrong use.
            let code = if error.use_stderr() { WRONG_USE } else { DONE };
            drop(error.print());
            return ExitCode::from(code);
        }
    };
    let global = cli.global;
    let done = match cli.command {
        Command::Serve(args) => serve::run(args, &global).await,
        Command::Demo(args) => demo::run(args, &global).await,
        Command::Listen(args) => listen::run(args, &global).await,
        Command::Doctor(args) => doctor::run(args, &global).await,
        Command::Rules(args) => rules::run(args, &global).await,
        Command::Keywords(args) => keywords::run(args, &global).await,
        Command::Storage(args) => storage::run(args, &global).await,
        Command::Replay(args) => replay::run(args, &global).await,
        Command::Why(args) => why::run(args, &global).await,
        Command::Audit(args) => audit::run(args, &global).await,
        Command::Bans(args) => bans::run(args, &global).await,
        Command::Config(args) => config::run(args, &global).await,
        Command::Schemas(args) => schemas::run(args, &global).await,
        Command::Token(args) => token::run(args, &global).await,
    };
    done.unwrap_or_else(|error| {
        // `ringback rules list | head`: what was asked for was done, and as much of it read as somebody wanted.
        if is_broken_pipe(&error) {
            return ExitCode::from(DONE);
        }
        eprintln!("ringback: {error:#}");
        ExitCode::from(NO)
    })
}

/// Whether nobody reads what is written any more. Writing to files and sockets says what it was about.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
