//! The roof of Ringback: wires the rooms together, speaks HTTP and WebSocket, and is the binary `ringback`.

#![warn(missing_docs)]

pub mod admin;
pub mod assemble;
pub mod checked_tokens;
pub mod cli;
pub mod clock;
pub mod demo;
pub mod doctor;
pub mod http;
pub mod keywords;
pub mod listener;
pub mod metric_help;
pub mod otel;
pub mod passwords;
pub mod product;
pub mod push;
pub mod receiver;
mod request_body;
pub mod rules;
pub mod settings;
pub mod telemetry;
pub mod workers;
pub mod ws;
