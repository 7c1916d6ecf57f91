//! Attacks, each against a server of its own beside which a well-behaved client goes on: memory stays bounded, errors
//! are clear, others are served, and afterwards nothing is left.
//!
//! | file | holds |
//! |---|---|
//! | `siege` | what every attack is measured by |
//! | `stranger` | a connection that keeps no rule |
//! | `slow`, `sockets` | what takes for ever, and too many of it |
//! | `bodies`, `frames`, `heads`, `json` | what is too large, too deep or ambiguous |
//! | `receivers` | backends that answer like attackers |
//! | `tokens` | tokens where they do not belong |
//! | `addresses` | where callbacks may not go |

mod addresses;
mod bodies;
mod frames;
mod heads;
mod json;
mod receivers;
mod siege;
mod slow;
mod sockets;
mod stranger;
mod tokens;
