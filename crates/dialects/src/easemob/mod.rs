//! Shengwang, Agora Chat and Easemob: one family of servers under three names. Its REST interface, its tokens and its
//! callback contracts.

pub mod callbacks;
pub mod content;
mod entrance;
pub mod history;
pub mod receiver;
pub mod rest;
pub mod token;
pub mod uuid;

pub use content::FORM;
