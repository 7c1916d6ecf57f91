//! The real binary, driven through real sockets. Every test has a server and a folder of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::too_many_lines,
    reason = "tests fail by panicking, and a scenario reads best in one piece"
)]

mod attacks;
mod audit;
mod bad_input;
mod callbacks_all;
mod callbacks_old;
mod callbacks_v38;
mod callers;
mod catalogue;
mod chats;
mod cli;
mod clock;
mod config;
mod curl;
mod disk_full;
mod doctor;
mod document_003;
mod failures;
mod family_attributes;
mod family_chats;
mod family_events;
mod family_failures;
mod family_files;
mod family_messages;
mod family_rest;
mod family_sdk;
mod family_threads;
mod family_users;
mod friends;
mod groups;
mod keywords;
mod kill;
mod objects;
mod objects_s3;
mod offline_push;
mod online;
mod online_callbacks;
mod otel;
mod pre_send;
mod promises;
mod replay;
mod rest;
mod rest_msg;
mod rules_api;
mod schemas;
mod serve;
mod shutdown;
mod socket;
mod tls;
mod why;
