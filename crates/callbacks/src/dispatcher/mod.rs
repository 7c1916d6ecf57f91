//! The dispatcher of one after-rule: reads events, keeps lanes in order, calls, retries, parks.
//!
//! | file | holds |
//! |---|---|
//! | [`task`] | its life: loading, running, stopping |
//! | [`runner`] | the task: its state, its loop, what it reads |
//! | [`admit`] | from events to deliveries in lanes |
//! | [`causes`] | what rows out of the store are about |
//! | [`flow`] | which delivery goes next |
//! | [`settle`] | what an attempt's outcome means |
//! | [`divert`] | what becomes of deliveries during a ban |
//! | [`resume`] | lanes that were stuck: reading again what passed meanwhile |
//! | [`notices`] | parked deliveries that left without the rule's doing |
//! | [`window`], [`lines`], [`rows`], [`pacer`], [`attempt`] | the parts they work on |

pub(crate) mod admit;
pub(crate) mod attempt;
pub(crate) mod causes;
mod divert;
mod flow;
pub(crate) mod lines;
pub(crate) mod notices;
pub(crate) mod pacer;
mod resume;
mod rows;
pub(crate) mod runner;
mod settle;
pub(crate) mod task;
mod window;
