//! The shim before SQLite's own VFS.
//!
//! It is a copy of SQLite's VFS object in which two functions are replaced. A file of a folder that nobody watches is
//! SQLite's own in every respect. A watched one keeps SQLite's own file object too, but with a copy of its table of
//! methods in which four functions are replaced; what they need stands behind that object, in the same allocation.
//! So locks, shared memory and reads are SQLite's own code on SQLite's own objects. The copied table says that it is
//! of version 2, which has no memory-mapped pages: whatever changes a file comes by here.
//!
//! (Interfaces: <https://sqlite.org/c3ref/vfs.html>, <https://sqlite.org/c3ref/io_methods.html>.)

#![allow(unsafe_code, reason = "SQLite's VFS is a C interface; this file is the one place that speaks it")]

use std::cell::Cell;
use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, OnceLock};
use std::{mem, ptr, slice};

use rusqlite::ffi::{
    SQLITE_MISUSE, SQLITE_OK, sqlite3_file, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs, sqlite3_vfs_find,
    sqlite3_vfs_register,
};

use crate::recording::{Recording, watching};
use crate::trace::FileId;

/// SQLite would not take the shim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("SQLite does not take the shim: code {0}")]
pub struct InstallError(c_int);

/// Puts the shim before the default VFS, for every connection that this process opens from now on. A second call
/// changes nothing.
///
/// # Errors
/// The VFS of this platform is not one that the shim knows how to stand before.
pub fn install() -> Result<(), InstallError> {
    static DONE: OnceLock<c_int> = OnceLock::new();
    match *DONE.get_or_init(register) {
        SQLITE_OK => Ok(()),
        code => Err(InstallError(code)),
    }
}

/// SQLite's own VFS.
static REAL: AtomicPtr<sqlite3_vfs> = AtomicPtr::new(ptr::null_mut());

/// How the unix VFS opens a folder, which it does in order to sync it and for nothing else.
type OpenFolder = unsafe extern "C" fn(*const c_char, *mut c_int) -> c_int;
static OPEN_FOLDER: OnceLock<OpenFolder> = OnceLock::new();

thread_local! {
    /// The call that this thread is in has synced a folder.
    static FOLDER_SYNCED: Cell<bool> = const { Cell::new(false) };
}

fn register() -> c_int {
    // SAFETY: a null name asks for the default VFS.
    let real = unsafe { sqlite3_vfs_find(ptr::null()) };
    if real.is_null() {
        return SQLITE_MISUSE;
    }
    // SAFETY: not null, and SQLite's VFS objects live as long as the process; its members are plain values.
    let mut ours = unsafe { *real };
    if ours.iVersion < 3 || !watch_folder_syncs(real, &ours) {
        return SQLITE_MISUSE;
    }
    let Ok(behind) = c_int::try_from(tail_offset(&ours) + size_of::<*mut Open>()) else {
        return SQLITE_MISUSE;
    };
    ours.szOsFile = behind;
    ours.zName = c"powercut".as_ptr();
    ours.pNext = ptr::null_mut();
    ours.xOpen = Some(open);
    ours.xDelete = Some(delete);
    REAL.store(real, Ordering::Release);
    // SAFETY: the object is leaked, so SQLite may keep it; 1 makes it the default.
    unsafe { sqlite3_vfs_register(Box::leak(Box::new(ours)), 1) }
}

/// Has `open_folder` called where the unix VFS syncs a folder.
fn watch_folder_syncs(real: *mut sqlite3_vfs, table: &sqlite3_vfs) -> bool {
    let (Some(get), Some(set)) = (table.xGetSystemCall, table.xSetSystemCall) else { return false };
    let name = c"openDirectory".as_ptr();
    // SAFETY: the VFS is SQLite's own, the name ends with a zero.
    let Some(original) = (unsafe { get(real, name) }) else { return false };
    // SAFETY: under this name the unix VFS keeps a function of this type ("os_unix.c", aSyscall).
    let original = unsafe { mem::transmute::<unsafe extern "C" fn(), OpenFolder>(original) };
    // SAFETY: as above in the other direction; whoever calls it does so by its real type.
    let ours = unsafe { mem::transmute::<OpenFolder, unsafe extern "C" fn()>(open_folder) };
    if OPEN_FOLDER.set(original).is_err() {
        return false;
    }
    // SAFETY: the VFS is SQLite's own, the name ends with a zero, the function is there for ever.
    unsafe { set(real, name, Some(ours)) == SQLITE_OK }
}

unsafe extern "C" fn open_folder(path: *const c_char, out: *mut c_int) -> c_int {
    FOLDER_SYNCED.set(true);
    let Some(original) = OPEN_FOLDER.get() else { return SQLITE_MISUSE };
    // SAFETY: the arguments are the caller's, passed on as they are.
    unsafe { original(path, out) }
}

/// What the shim knows of an open file that is watched.
struct Open {
    /// SQLite's table with four functions replaced. The file points here.
    methods: sqlite3_io_methods,
    real: &'static sqlite3_io_methods,
    recording: Arc<Recording>,
    file: FileId,
}

/// Where the pointer to our own state stands in a file object: behind SQLite's part, aligned.
fn tail_offset(real: &sqlite3_vfs) -> usize {
    usize::try_from(real.szOsFile).unwrap_or(0).next_multiple_of(align_of::<*mut Open>())
}

/// # Safety
/// `file` was made by `open` below.
unsafe fn tail(file: *mut sqlite3_file) -> *mut *mut Open {
    // SAFETY: set once, before the first file was opened; lives as long as the process.
    let real = unsafe { &*REAL.load(Ordering::Acquire) };
    // SAFETY: SQLite allocated as many bytes as our `szOsFile` says, which ends with this pointer.
    unsafe { file.cast::<u8>().add(tail_offset(real)).cast() }
}

/// # Safety
/// `file` was made by `open` below, is watched, and is not closed while the answer is used.
unsafe fn state<'a>(file: *mut sqlite3_file) -> &'a Open {
    // SAFETY: as the caller promises.
    let tail = unsafe { tail(file) };
    // SAFETY: `open` has put a pointer there.
    let open = unsafe { tail.read() };
    // SAFETY: `close` alone frees what it points to.
    unsafe { &*open }
}

/// # Safety
/// `path` is null or ends with a zero.
unsafe fn path_of(path: *const c_char) -> Option<PathBuf> {
    if path.is_null() {
        return None;
    }
    // SAFETY: as the caller promises.
    let bytes = unsafe { CStr::from_ptr(path) }.to_bytes();
    Some(Path::new(OsStr::from_bytes(bytes)).to_owned())
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite passes null or a path.
    let path = unsafe { path_of(name) };
    let watched = path.as_deref().and_then(watching);
    if let (Some((recording, _)), Some(path)) = (&watched, &path)
        && !path.exists()
    {
        recording.pass();
    }
    let real = REAL.load(Ordering::Acquire);
    // SAFETY: set before `open` could be called, lives as long as the process.
    let Some(real_open) = (unsafe { &*real }).xOpen else { return SQLITE_MISUSE };
    // SAFETY: the arguments are SQLite's, and the VFS is the function's own; SQLite's part of the file object comes
    // first in ours.
    let code = unsafe { real_open(real, name, file, flags, out) };
    let Some((recording, name)) = watched.filter(|_| code == SQLITE_OK) else { return code };
    // SAFETY: `file` is the object that SQLite has allocated for us, and the real `xOpen` has filled its part.
    let real = unsafe { (*file).pMethods };
    // SAFETY: a file that was opened has a table of methods; SQLite's are constants.
    let real: &'static sqlite3_io_methods = unsafe { &*real };
    let methods = sqlite3_io_methods {
        iVersion: real.iVersion.min(2),
        xClose: Some(close),
        xWrite: Some(write),
        xTruncate: Some(truncate),
        xSync: Some(sync),
        ..*real
    };
    let id = recording.opened(&name);
    let open = Box::into_raw(Box::new(Open { methods, real, recording, file: id }));
    // SAFETY: it was just made.
    let methods = unsafe { &raw const (*open).methods };
    // SAFETY: `file` is the object that SQLite has allocated for us.
    let tail = unsafe { tail(file) };
    // SAFETY: the place is ours and aligned.
    unsafe { tail.write(open) };
    // SAFETY: as above; the table stays where it is until `close`.
    unsafe { (*file).pMethods = methods };
    code
}

unsafe extern "C" fn delete(_: *mut sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    // SAFETY: SQLite passes a path.
    let watched = unsafe { path_of(name) }.as_deref().and_then(watching);
    if let Some((recording, _)) = &watched {
        recording.pass();
    }
    let real = REAL.load(Ordering::Acquire);
    // SAFETY: set before `delete` could be called, lives as long as the process.
    let Some(real_delete) = (unsafe { &*real }).xDelete else { return SQLITE_MISUSE };
    FOLDER_SYNCED.set(false);
    // SAFETY: the arguments are SQLite's, the VFS is the function's own.
    let code = unsafe { real_delete(real, name, sync_folder) };
    if let Some((recording, name)) = watched.filter(|_| code == SQLITE_OK) {
        recording.deleted(&name, FOLDER_SYNCED.take());
    }
    code
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: only files of `open` have this method.
    let tail = unsafe { tail(file) };
    // SAFETY: `open` has put a pointer there.
    let open = unsafe { tail.read() };
    // SAFETY: made by `Box::into_raw`; SQLite closes a file once and uses it no more.
    let open = unsafe { Box::from_raw(open) };
    // SAFETY: the file object is still whole; with its own table it is SQLite's again.
    unsafe { (*file).pMethods = open.real };
    let Some(real) = open.real.xClose else { return SQLITE_MISUSE };
    // SAFETY: the table is the file's own.
    let code = unsafe { real(file) };
    open.recording.closed();
    code
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    bytes: *const c_void,
    amount: c_int,
    at: sqlite3_int64,
) -> c_int {
    // SAFETY: only files of `open` have this method.
    let open = unsafe { state(file) };
    let (Some(real), Ok(length), Ok(offset)) = (open.real.xWrite, usize::try_from(amount), u64::try_from(at))
    else {
        return SQLITE_MISUSE;
    };
    open.recording.pass();
    // SAFETY: the arguments are SQLite's, the table is the file's own.
    let code = unsafe { real(file, bytes, amount, at) };
    if code == SQLITE_OK {
        // SAFETY: SQLite passes a buffer of this length, which nobody changes during the call.
        let bytes = unsafe { slice::from_raw_parts(bytes.cast::<u8>(), length) };
        open.recording.wrote(open.file, offset, bytes);
    }
    code
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    // SAFETY: only files of `open` have this method.
    let open = unsafe { state(file) };
    let (Some(real), Ok(bytes)) = (open.real.xTruncate, u64::try_from(size)) else { return SQLITE_MISUSE };
    open.recording.pass();
    // SAFETY: the arguments are SQLite's, the table is the file's own.
    let code = unsafe { real(file, size) };
    if code == SQLITE_OK {
        open.recording.truncated(open.file, bytes);
    }
    code
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: only files of `open` have this method.
    let open = unsafe { state(file) };
    let Some(real) = open.real.xSync else { return SQLITE_MISUSE };
    open.recording.pass();
    // A write that is recorded by now is over, so this sync covers it.
    let covers = open.recording.position();
    FOLDER_SYNCED.set(false);
    // SAFETY: the arguments are SQLite's, the table is the file's own.
    let code = unsafe { real(file, flags) };
    if code == SQLITE_OK {
        open.recording.synced(open.file, covers, FOLDER_SYNCED.take());
    }
    code
}
