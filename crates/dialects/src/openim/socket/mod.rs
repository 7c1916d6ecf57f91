//! The WebSocket protocol. Source: client protocol sheet 1 to 4.
//!
//! | file | holds |
//! |---|---|
//! | `handshake` | the query, and how its result is told |
//! | [`envelope`] | what every binary frame is wrapped in; also for clients |
//! | `gob` | one of its two encodings |
//! | `requests` | frames from clients, read as commands |
//! | `answers` | answers, pushes and kicks |

pub(super) mod answers;
pub mod envelope;
mod gob;
mod handshake;
pub(super) mod requests;

use ringback_model::command::{Actor, Outcome};
use ringback_model::dialect::{Correlation, Frame, Hello, Incoming, Socket, TurnAway, Wire};
use ringback_model::failure::{Failure, Refusal};
use ringback_model::ports::Push;
use ringback_model::presence::UserPresence;

use envelope::Codec;

/// The WebSocket protocol of this dialect. Without state.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenImSocket;

impl Socket for OpenImSocket {
    fn hello(&self, query: &[(String, String)], headers: &[(String, String)]) -> Result<Hello, Refusal> {
        handshake::hello(query, headers)
    }

    fn welcome(&self, query: &[(String, String)]) -> Option<Frame> {
        handshake::welcome(query)
    }

    fn turn_away(&self, query: &[(String, String)], refusal: &Refusal) -> TurnAway {
        handshake::turn_away(query, refusal)
    }

    fn read(&self, wire: Wire, actor: &Actor, frame: &Frame) -> Incoming {
        match frame {
            Frame::Text(text) => requests::read_text(text),
            Frame::Binary(bytes) => requests::read_binary(Codec::of(wire), actor, bytes),
        }
    }

    fn answer(&self, wire: Wire, to: &Correlation, result: &Result<Outcome, Failure>) -> Frame {
        Frame::Binary(Codec::of(wire).encode_response(&answers::answer(to, result)))
    }

    fn push(&self, wire: Wire, push: &Push) -> Frame {
        Frame::Binary(Codec::of(wire).encode_response(&answers::push(push)))
    }

    fn presences(&self, wire: Wire, to: Option<&Correlation>, presences: &[UserPresence]) -> Frame {
        Frame::Binary(Codec::of(wire).encode_response(&answers::presences(to, presences)))
    }

    fn kicked(&self, wire: Wire) -> Frame {
        Frame::Binary(Codec::of(wire).encode_response(&answers::kicked()))
    }
}
