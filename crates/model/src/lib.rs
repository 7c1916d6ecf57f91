//! Ground floor of Ringback: the words of the product.
//!
//! Data, rules about one value, and the traits ("ports") that the rooms above implement. Nothing in here
//! does I/O, reads a clock, rolls dice or knows an async runtime; nothing in here knows a vendor.
//!
//! | file | holds |
//! |---|---|
//! | [`ids`], [`time`] | identifiers and instants |
//! | [`app`], [`user`], [`group`], [`message`], [`conversation`] | what a chat consists of |
//! | [`record`], [`version`] | small things kept under an owner; what changed in a list since when |
//! | [`page`] | pieces of long lists, and what is looked for in them |
//! | [`action`], [`notice`] | what is done besides sending messages; what users' devices are told of it |
//! | [`command`] | everything a caller can ask, and what he is answered |
//! | [`event`] | what happened (the event log) and what is about to (questions to before-rules) |
//! | [`verdict`], [`rule`], [`delivery`], [`storage`] | callbacks: answers, who is called how, what is still owed |
//! | [`trace`] | what was decided and tried, for those who ask why |
//! | [`commit`] | what stands or falls together in the store |
//! | [`failure`], [`limits`] | refusals and faults; every bound with unit and reason |
//! | [`statistics`] | numbers that operators look at |
//! | [`object`] | files that clients upload: their names, uploads by parts, where they are kept |
//! | [`mod@file`] | files that come whole in one request, and small pictures of them |
//! | [`presence`] | what the table of connections sees |
//! | [`keyword`] | word lists, and what becomes of messages that have their words |
//! | [`secret`] | texts that do not print themselves |
//! | [`wake`] | what is handed to whoever wakes sleeping devices |
//! | [`sample`] | made-up messages, for trying rules out and for tests |
//! | [`ports`], [`dialect`] | traits: what rooms need from each other, what a wire protocol supplies |

#![warn(missing_docs)]

pub mod action;
pub mod app;
pub mod command;
pub mod commit;
pub mod conversation;
pub mod delivery;
pub mod dialect;
mod differences;
pub mod event;
pub mod failure;
pub mod file;
pub mod group;
pub mod hashing;
pub mod ids;
pub mod keyword;
pub mod limits;
pub mod message;
pub mod notice;
pub mod object;
pub mod page;
pub mod ports;
pub mod presence;
pub mod record;
pub mod rule;
pub mod sample;
pub mod secret;
pub mod statistics;
pub mod storage;
pub mod time;
pub mod trace;
pub mod user;
pub mod verdict;
pub mod version;
pub mod wake;
