//! What a process takes of the machine, as the kernel tells it. Source: proc(5).

/// Memory and open files of a process at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footprint {
    /// Resident memory, KiB.
    pub resident_kib: u64,
    /// The most that was ever resident, KiB.
    pub peak_kib: u64,
    /// Open files, sockets included.
    pub files: usize,
}

impl Footprint {
    /// That of a running process.
    ///
    /// # Panics
    /// When there is no such process.
    #[must_use]
    pub fn of(process: u32) -> Self {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let kib = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        let files = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap().count();
        Self { resident_kib: kib("VmRSS:"), peak_kib: kib("VmHWM:"), files }
    }
}

/// How many files a process of ours may open.
///
/// # Panics
/// When the kernel does not tell.
#[must_use]
pub fn open_files_limit() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    // `unlimited` is more than anybody asks for.
    line.split_whitespace().nth(3).unwrap().parse().unwrap_or(usize::MAX)
}
