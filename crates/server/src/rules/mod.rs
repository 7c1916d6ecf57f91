//! Rules: those that are made through the admin API and those of the operator's files, put into force as one set.
//!
//! | file | holds |
//! |---|---|
//! | [`fields`] | the table of a rule's fields; [`shape`] and [`start`] are the forms of their values |
//! | [`draft`] | from a request to a rule, with every error of it |
//! | [`shown`] | a rule as answers show it |
//! | [`files`] | reads the operator's files, and again when they change; [`file_check`] looks at what they name |
//! | [`desk`] | keeps the rules and puts them into force |
//! | [`mod@reference`] | the table as a page |

pub mod desk;
pub mod draft;
pub mod fields;
pub mod file_check;
pub mod files;
pub mod reference;
pub mod shape;
pub mod shown;
pub mod start;

pub use desk::{DeskError, DeskParts, RuleDesk};
