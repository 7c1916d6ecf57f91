//! Open files: each connection is one, here and in the server, which inherits the limit.

use rustix::process::{Resource, getrlimit, setrlimit};

/// What a process needs beside the connections that are measured.
const OTHERS: u64 = 500;

/// Raises the limit of this process, and of the children it will have, as far as the system lets it.
pub(crate) fn raise_limit() -> anyhow::Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}

/// How many of these connections a process may have.
pub(crate) fn possible(connections: usize) -> usize {
    let most = getrlimit(Resource::Nofile).current.map_or(u64::MAX, |files| files.saturating_sub(OTHERS));
    usize::try_from(most).map_or(connections, |most| connections.min(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_more_than_was_asked_for_or_is_allowed() {
        raise_limit().unwrap();
        assert_eq!(possible(0), 0);
        let most = possible(usize::MAX);
        assert!(most > 0);
        assert_eq!(possible(most), most);
    }
}
