//! Power cuts for SQLite databases, for tests.
//!
//! [`install`] puts a shim before SQLite's own VFS for the whole process. What SQLite does to the files of a folder
//! that is being watched ([`Recording::start`]) goes to the real files as ever, and is noted, step by step, in one
//! order. Afterwards the power may go between any two steps, as often as one likes: [`Trace::image`] makes what the
//! disk may hold then, by the rules of a disk that owes nothing but what was synced:
//!
//! - a file holds every step that was over when its last completed sync began;
//! - of later writes, each is there, or not, or torn: at any byte, or sector by sector, or only the file's new size
//!   is there; what no write filled holds zeros or stale bytes;
//! - of later truncations, each has happened or not;
//! - a file that was made or deleted after the last completed sync of the folder may be there or not.
//!
//! Shared memory (`-shm`) is no part of it: SQLite rebuilds it, so it holds noise, or is not there.
//!
//! | file | idea |
//! |---|---|
//! | `vfs.rs` | the shim; the only unsafe code of the repository |
//! | `recording.rs` | who watches which folder, and how a test stops other threads between two steps |
//! | `trace.rs` | what was recorded |
//! | `image.rs` | what a disk may hold |

#![warn(missing_docs)]

mod image;
mod recording;
mod trace;
mod vfs;

pub use image::{Cut, Disk, Image, Loss};
pub use recording::{Hold, Recording, TimedOut};
pub use trace::{FileId, Step, Trace};
pub use vfs::{InstallError, install};
