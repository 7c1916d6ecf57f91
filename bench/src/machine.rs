//! What the machine is, and what it spends while a case runs. Reads `/proc`: Linux only.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::stats::ratio;

/// Length of the kernel's clock ticks as `/proc` counts them: USER_HZ is 100 on every Linux architecture.
const TICK: Duration = Duration::from_millis(10);

/// Where the figures come from; without it they are a rumour.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Machine {
    cores: usize,
    cpu_model: String,
    memory_bytes: u64,
    kernel: String,
}

impl Machine {
    /// This machine.
    pub(crate) fn here() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let memory_kib = field(&read("/proc/meminfo"), "MemTotal").unwrap_or(0);
        Self {
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            cpu_model: read("/proc/cpuinfo")
                .lines()
                .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
                .map_or_else(|| "unknown".to_owned(), |(_, model)| model.to_owned()),
            memory_bytes: memory_kib * 1024,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        }
    }

    /// One line for the head of a table.
    pub(crate) fn sentence(&self) -> String {
        let gib = self.memory_bytes as f64 / f64::from(1u32 << 30);
        format!("{} cores, {}, {gib:.0} GiB, Linux {}", self.cores, self.cpu_model, self.kernel)
    }
}

/// Microseconds since 1970: one clock for all processes of a run, so that a message can carry when it was meant to
/// be sent.
pub(crate) fn wall_us() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a measuring tool reads the real clock; here only")]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}

/// A day of the civil calendar, `YYYY-MM-DD`, for microseconds since 1970.
pub(crate) fn date(wall_us: u64) -> String {
    // Counted from 1 March of the year 0, so that leap days come last; eras have 400 years.
    let days = wall_us / 86_400_000_000 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A time of day, `HH:MM:SS`, UTC.
pub(crate) fn time_of_day(wall_us: u64) -> String {
    let seconds = wall_us / 1_000_000 % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// The commit of the checkout, with `-dirty` where files differ from it; `unknown` outside of one.
pub(crate) async fn commit() -> String {
    let git = async |arguments: &[&str]| {
        let output = tokio::process::Command::new("git").args(arguments).output().await.ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(hash) = git(&["rev-parse", "--short=12", "HEAD"]).await else {
        return "unknown".to_owned();
    };
    match git(&["status", "--porcelain", "--untracked-files=no"]).await {
        Some(changes) if changes.is_empty() => hash,
        _ => format!("{hash}-dirty"),
    }
}

/// The command of this process, as it can be given again in a checkout.
pub(crate) fn command() -> String {
    command_of(std::env::args().skip(1))
}

/// Without where the result goes, which is no part of it and may be a folder of somebody's machine.
fn command_of(mut arguments: impl Iterator<Item = String>) -> String {
    let mut command = "cargo run --release -p ringback-bench --".to_owned();
    while let Some(argument) = arguments.next() {
        if argument == "--out" {
            arguments.next();
        } else if !argument.starts_with("--out=") {
            let quote = if argument.contains(' ') { "\"" } else { "" };
            command.extend([" ", quote, &argument, quote]);
        }
    }
    command
}

/// Ticks of all processors since the machine started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Ticks {
    all: u64,
    /// Spent by processes, their system calls included.
    processes: u64,
    stolen: u64,
}

impl Ticks {
    fn read() -> anyhow::Result<Self> {
        let text = std::fs::read_to_string("/proc/stat").context("reading /proc/stat")?;
        Self::parse(&text).context("the first line of /proc/stat has another form")
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.lines().next()?.split_whitespace();
        (words.next()? == "cpu").then_some(())?;
        let ticks: Vec<u64> = words.map_while(|word| word.parse().ok()).collect();
        // user nice system idle iowait irq softirq steal; guest time is part of user time.
        let [user, nice, system, _, _, _, _, stolen] = *ticks.first_chunk()?;
        Some(Self { all: ticks.iter().take(8).sum(), processes: user + nice + system, stolen })
    }
}

/// What one process has spent since it started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Process {
    cpu: Duration,
    disk_bytes: u64,
}

impl Process {
    fn read(pid: u32) -> anyhow::Result<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))
            .with_context(|| format!("process {pid} is gone"))?;
        let cpu = Self::parse_cpu(&stat).context("/proc/<pid>/stat has another form")?;
        // Not readable for other users' processes; then it is simply not known.
        let io = std::fs::read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
        Ok(Self { cpu, disk_bytes: field(&io, "write_bytes").unwrap_or(0) })
    }

    fn parse_cpu(stat: &str) -> Option<Duration> {
        // The name in brackets may hold anything; what follows it is numbers.
        let mut rest = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let user: u32 = rest.next()?.parse().ok()?;
        let system: u32 = rest.next()?.parse().ok()?;
        Some(TICK * user.checked_add(system)?)
    }
}

/// The largest resident set that a process had, in bytes.
pub(crate) fn peak_resident_bytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    field(&status, "VmHWM").unwrap_or(0) * 1024
}

/// The resident set of a process, in bytes.
pub(crate) fn resident_bytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    field(&status, "VmRSS").unwrap_or(0) * 1024
}

/// Bytes of all files in a folder, those in its folders included.
pub(crate) fn folder_bytes(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let bytes = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => folder_bytes(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.flatten().map(bytes).sum()
}

/// The first number behind `name:`.
fn field(text: &str, name: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

/// Measures what a stretch of time costs.
#[derive(Debug)]
pub(crate) struct Meter {
    ticks: Ticks,
    server: Option<(u32, Process)>,
    receiver: Option<(u32, Process)>,
    load: (u32, Process),
}

/// What a stretch of time has cost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Processor time of the server.
    pub(crate) server_cpu: Duration,
    /// Processor time of the receiver.
    pub(crate) receiver_cpu: Duration,
    /// Processor time of the load generator.
    pub(crate) load_cpu: Duration,
    /// Bytes that the server had written to disk.
    pub(crate) server_disk_bytes: u64,
    /// Share of all processor time that the hypervisor gave to somebody else.
    pub(crate) stolen: f64,
    /// Share of all processor time that processes took which are no part of the run.
    pub(crate) others: f64,
}

impl Meter {
    /// Starts measuring; the load generator is this process.
    pub(crate) fn start(server: Option<u32>, receiver: Option<u32>) -> anyhow::Result<Self> {
        let read = |pid: u32| Process::read(pid).map(|process| (pid, process));
        Ok(Self {
            ticks: Ticks::read()?,
            server: server.map(read).transpose()?,
            receiver: receiver.map(read).transpose()?,
            load: read(std::process::id())?,
        })
    }

    /// What it has cost since.
    pub(crate) fn stop(&self) -> anyhow::Result<Usage> {
        let spent = |from: &Option<(u32, Process)>| -> anyhow::Result<Process> {
            let Some((pid, before)) = from else { return Ok(Process::default()) };
            let now = Process::read(*pid)?;
            Ok(Process {
                cpu: now.cpu.saturating_sub(before.cpu),
                disk_bytes: now.disk_bytes.saturating_sub(before.disk_bytes),
            })
        };
        let (server, receiver) = (spent(&self.server)?, spent(&self.receiver)?);
        let load = spent(&Some(self.load))?;
        let ticks = Ticks::read()?;
        let all = ticks.all.saturating_sub(self.ticks.all) as f64;
        let ours = (server.cpu + receiver.cpu + load.cpu).as_secs_f64() / TICK.as_secs_f64();
        let processes = ticks.processes.saturating_sub(self.ticks.processes) as f64;
        Ok(Usage {
            server_cpu: server.cpu,
            receiver_cpu: receiver.cpu,
            load_cpu: load.cpu,
            server_disk_bytes: server.disk_bytes,
            stolen: ratio(ticks.stolen.saturating_sub(self.ticks.stolen) as f64, all).unwrap_or(0.0),
            others: ratio((processes - ours).max(0.0), all).unwrap_or(0.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_read_in_the_kernels_order() {
        let text = "cpu  100 10 50 800 30 1 2 7 5 0\ncpu0 1 2 3\n";
        let ticks = Ticks::parse(text).unwrap();
        assert_eq!(ticks, Ticks { all: 1000, processes: 160, stolen: 7 });
        assert_eq!(Ticks::parse("cpu 1 2 3"), None);
        assert_eq!(Ticks::parse("intr 1 2 3 4 5 6 7 8"), None);
    }

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let stat = "42 (a) (b c) S 1 2 3 4 5 6 7 8 9 10 120 30 0 0 20 0";
        assert_eq!(Process::parse_cpu(stat), Some(Duration::from_millis(1500)));
        assert_eq!(Process::parse_cpu("42 name"), None);
    }

    #[test]
    fn a_command_can_be_given_again_and_names_no_folder() {
        let of = |arguments: &str| command_of(arguments.split('|').map(str::to_owned));
        let expected = "cargo run --release -p ringback-bench -- send --only \"rest, after\" --rounds 5";
        assert_eq!(of("send|--only|rest, after|--out|/somewhere/x.json|--rounds|5"), expected);
        assert_eq!(of("send|--out=/somewhere|--only|rest, after|--rounds|5"), expected);
    }

    #[test]
    fn this_process_can_be_read() {
        let meter = Meter::start(None, None).unwrap();
        let usage = meter.stop().unwrap();
        assert!((0.0..=1.0).contains(&usage.stolen));
        assert!(peak_resident_bytes(std::process::id()) > 1 << 20);
        assert!(Machine::here().memory_bytes > 0);
    }

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let text = "VmHWMx: 1 kB\nVmHWM:\t  2048 kB\n";
        assert_eq!(field(text, "VmHWM"), Some(2048));
        assert_eq!(field(text, "Vm"), None);
    }

    #[test]
    fn dates_follow_the_calendar() {
        let day = 86_400_000_000;
        for (days, expected) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_453, "2025-12-31"),
            (20_454, "2026-01-01"),
        ] {
            assert_eq!(date(days * day + day - 1), expected);
        }
        assert_eq!(time_of_day(day + 3_661_000_000), "01:01:01");
    }
}
