//! Limits of what hangs on groups and rooms: threads, files, the app's texts. Source of those of texts: the public documents
//! of the second dialect (`chatroom_custom_attribute_set.md`, `group_member_attribute.md` of its server-side REST).

/// Number of threads of one group.
pub const GROUP_THREADS: usize = 1000;
/// Characters of a thread's name.
pub const THREAD_NAME_CHARS: usize = 64;
/// Number of files of one group.
pub const GROUP_FILES: usize = 1000;

/// Number of texts about one room.
pub const ROOM_ATTRIBUTES: usize = 100;
/// Number of texts that one call sets, takes away or names.
pub const ROOM_ATTRIBUTES_OF_ONE_CALL: usize = 10;
/// Characters of the name of a text about a room.
pub const ROOM_ATTRIBUTE_KEY_CHARS: usize = 128;
/// Characters of a text about a room.
pub const ROOM_ATTRIBUTE_CHARS: usize = 4096;

/// Number of texts about one member of a group. No document says one: so many are read at once.
pub const MEMBER_ATTRIBUTES: usize = 100;
/// Bytes of the name of a text about a member.
pub const MEMBER_ATTRIBUTE_KEY_BYTES: usize = 16;
/// Bytes of a text about a member.
pub const MEMBER_ATTRIBUTE_BYTES: usize = 512;
/// Bytes of all texts about one member, with their names.
pub const MEMBER_ATTRIBUTES_BYTES: usize = 4096;
