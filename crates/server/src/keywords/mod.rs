//! Word lists: those of the operator's file and those that are made through the admin API, in force as one filter.
//!
//! | file | holds |
//! |---|---|
//! | [`list_file`] | how a file with word lists is read |
//! | [`files`] | when it is read, and again after a change |
//! | [`desk`] | keeps the lists, compiles them and judges with them |

pub mod desk;
pub mod files;
pub mod list_file;

pub use desk::{KeywordDesk, KeywordError};
pub use files::{ReadLists, WordFile};
