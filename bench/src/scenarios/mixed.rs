//! Everything at once: each message is asked about, told of, and pushed to a recipient who is connected.

use super::{Case, Send, Via, figure, many};
use crate::load::Pace;
use crate::server::Rules;
use crate::settings::Options;
use crate::targets::{Bound, Target};

fn loads(options: &Options) -> [Send; 2] {
    let both = Rules { before: true, after: true };
    [many(options), Pace::Open(500)].map(|pace| Send { online: true, ..Send::new(Via::Rest, both, pace) })
}

pub(super) fn cases(options: &Options) -> Vec<Case> {
    loads(options).map(Case::Send).into()
}

/// No ratio is asked for; that nothing is missing is.
pub(super) fn targets(options: &Options) -> Vec<Target> {
    let missing = |send: Send| {
        let name = send.name();
        let what = format!("pushes and after-callbacks missing: {name}");
        Target::new(&what, Bound::Always(0.0), [name.clone()], move |round| {
            Some(round.figure(&name, figure::UNPUSHED)? + round.figure(&name, figure::UNDELIVERED)?)
        })
    };
    loads(options).map(missing).into()
}
