//! The domain's promises, through its one door, over the memory store.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests say what they expect")]

mod accounts;
mod answers;
mod attributes;
mod chats;
mod devices;
mod fakes;
mod friends;
mod groups;
mod logins;
mod many;
mod messages;
mod people;
mod presence;
mod profiles;
mod pushes;
mod rooms;
mod statistics;
mod storage;
mod strangers;
mod wakes;
mod world;
