//! The demonstration: a server, a receiver and two clients in one process, talking over real sockets.
//!
//! | file | holds |
//! |---|---|
//! | [`chat_client`] | a client that logs in, sends and hears |
//! | [`scene`] | what is done, and what must come of it; pure |
//! | [`script`] | the scenes |
//! | [`signed`] | the last scene: another dialect, its rule and its signature |
//! | [`stage`] | server, receiver and clients, put up |
//! | [`narrator`] | what happens, as lines |
//! | [`play`] | one scene after another |

pub mod chat_client;
pub mod narrator;
pub mod play;
pub mod scene;
pub mod script;
pub mod signed;
pub mod stage;
