//! What a disk may hold after the power went.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io, iter};

use rand::{Rng, RngExt as _};

use crate::trace::{FileId, Step, Trace};

/// Bytes that a disk writes in one piece.
const SECTOR: usize = 512;

/// What becomes of steps that no sync covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// None has reached the disk.
    All,
    /// All have: a process was killed, and the power stayed.
    None,
    /// They reach the disk in order up to some point; the one at that point may be torn.
    Tail,
    /// Each has its own fate.
    Each,
}

impl Loss {
    /// Every way.
    pub const WAYS: [Self; 4] = [Self::All, Self::None, Self::Tail, Self::Each];
}

/// Whether syncs do what they say. Anything but [`Disk::Honest`] is there to show that a test would notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    /// They do.
    Honest,
    /// None does anything.
    IgnoresSync,
    /// Those of files whose names end like this do nothing.
    IgnoresSyncOf(&'static str),
    /// Those of the folder do nothing.
    IgnoresSyncOfFolder,
}

impl Disk {
    fn syncs(self, name: &str) -> bool {
        match self {
            Self::Honest | Self::IgnoresSyncOfFolder => true,
            Self::IgnoresSync => false,
            Self::IgnoresSyncOf(ending) => !name.ends_with(ending),
        }
    }

    fn syncs_folder(self) -> bool {
        !matches!(self, Self::IgnoresSync | Self::IgnoresSyncOfFolder)
    }
}

/// When and how the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// After this many steps.
    pub position: usize,
    /// What becomes of those that no sync covers.
    pub loss: Loss,
    /// What the disk is worth.
    pub disk: Disk,
}

/// What a folder holds: names and contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image(pub BTreeMap<String, Vec<u8>>);

impl Image {
    /// Writes it into a folder that exists.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write_to(&self, folder: &Path) -> io::Result<()> {
        self.0.iter().try_for_each(|(name, content)| fs::write(folder.join(name), content))
    }
}

/// What became of one step that no sync covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Lost,
    /// A write is there in part.
    Torn,
    /// Of a write, only the file's new size is there.
    Blank,
}

/// How the fates of one cut are drawn.
struct Fates {
    loss: Loss,
    /// [`Loss::Tail`]: the step at which it ends.
    end: usize,
    /// [`Loss::Each`]: out of 100.
    kept: u32,
    torn: u32,
}

impl Fates {
    fn draw(cut: &Cut, dice: &mut impl Rng) -> Self {
        // The point of `Tail` lies in the steps just before the cut, where those that are not synced are.
        let reach = dice.random_range(1..=16);
        let end = cut.position.saturating_sub(dice.random_range(0..=reach));
        let (kept, torn) = (dice.random_range(5..=95), dice.random_range(0..=50));
        Self { loss: cut.loss, end, kept, torn }
    }

    fn of(&self, step: usize, dice: &mut impl Rng) -> Fate {
        match self.loss {
            Loss::All => Fate::Lost,
            Loss::None => Fate::Kept,
            Loss::Tail if step < self.end => Fate::Kept,
            Loss::Tail if step == self.end && dice.random_ratio(3, 4) => Fate::Torn,
            Loss::Tail => Fate::Lost,
            Loss::Each if dice.random_ratio(self.torn, 100) => {
                if dice.random_ratio(1, 4) {
                    Fate::Blank
                } else {
                    Fate::Torn
                }
            }
            Loss::Each if dice.random_ratio(self.kept, 100) => Fate::Kept,
            Loss::Each => Fate::Lost,
        }
    }
}

impl Trace {
    /// What the folder may hold after a cut. The same dice give the same image.
    #[must_use]
    pub fn image(&self, cut: &Cut, dice: &mut impl Rng) -> Image {
        let steps = &self.steps[..cut.position.min(self.steps.len())];
        let fates = Fates::draw(cut, dice);
        let stale = if dice.random_ratio(1, 2) { 0 } else { dice.random() };
        let mut image = BTreeMap::new();
        for (name, file) in self.names_after(steps, cut.disk, &fates, dice) {
            let content = self.content(file, steps, cut.disk, &fates, stale, dice);
            image.insert(name, content);
        }
        if cut.loss != Loss::All {
            add_noise(&mut image, dice);
        }
        Image(image)
    }

    /// Which names there are, and whom they mean.
    fn names_after(
        &self,
        steps: &[Step],
        disk: Disk,
        fates: &Fates,
        dice: &mut impl Rng,
    ) -> BTreeMap<String, FileId> {
        let last_sync = steps.iter().rposition(|step| *step == Step::SyncFolder);
        let durable = last_sync.filter(|_| disk.syncs_folder()).unwrap_or(0);
        let mut names: BTreeMap<String, FileId> =
            self.base.iter().map(|(name, (file, _))| (name.clone(), *file)).collect();
        for (number, step) in steps.iter().enumerate() {
            let Some((name, meant)) = self.naming(step) else { continue };
            // Names are changed wholly or not at all.
            if number >= durable && matches!(fates.of(number, dice), Fate::Lost | Fate::Torn) {
                continue;
            }
            match meant {
                Some(file) => drop(names.insert(name.to_owned(), file)),
                None => drop(names.remove(name)),
            }
        }
        names
    }

    fn content(
        &self,
        file: FileId,
        steps: &[Step],
        disk: Disk,
        fates: &Fates,
        stale: u8,
        dice: &mut impl Rng,
    ) -> Vec<u8> {
        let name = self.name(file);
        let covered = steps.iter().filter_map(|step| match step {
            Step::Sync { file: synced, covers } if *synced == file => Some(*covers),
            _ => None,
        });
        let durable = covered.max().filter(|_| disk.syncs(name)).unwrap_or(0);
        let base = self.base.get(name).filter(|(known, _)| *known == file);
        let mut content = base.map(|(_, bytes)| bytes.to_vec()).unwrap_or_default();
        for (number, step) in steps.iter().enumerate() {
            let fate = |dice: &mut _| if number < durable { Fate::Kept } else { fates.of(number, dice) };
            match step {
                Step::Write { file: written, at, bytes } if *written == file => {
                    let fate = fate(dice);
                    write(&mut content, *at, bytes, fate, stale, dice);
                }
                Step::Truncate { file: cut, size } if *cut == file && fate(dice) == Fate::Kept => {
                    content.resize(usize::try_from(*size).unwrap_or(usize::MAX), stale);
                }
                _ => {}
            }
        }
        content
    }
}

/// Writes bytes as far as their fate lets them. What lies before them and was never written is stale.
fn write(content: &mut Vec<u8>, at: u64, bytes: &[u8], fate: Fate, stale: u8, dice: &mut impl Rng) {
    if fate == Fate::Lost || bytes.is_empty() {
        return;
    }
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    let there = match fate {
        Fate::Kept => iter::once(0..bytes.len()).collect(),
        Fate::Torn => torn(at, bytes.len(), dice),
        Fate::Lost | Fate::Blank => Vec::new(),
    };
    // A file grows with what is written, or with its new size before that.
    let whole_size = fate != Fate::Torn || dice.random_ratio(1, 2);
    let end = if whole_size { bytes.len() } else { there.last().map_or(0, |part| part.end) };
    if end > 0 && content.len() < at + end {
        content.resize(at + end, stale);
    }
    for part in there.into_iter().filter(|part| !part.is_empty()) {
        content[at + part.start..at + part.end].copy_from_slice(&bytes[part]);
    }
}

/// Which parts of a torn write are there: the first bytes, the last ones, or some sectors. Ascending.
fn torn(at: usize, length: usize, dice: &mut impl Rng) -> Vec<std::ops::Range<usize>> {
    let point = dice.random_range(0..=length);
    match dice.random_range(0..3) {
        0 => iter::once(0..point).collect(),
        1 => iter::once(point..length).collect(),
        _ => {
            let first = SECTOR - at % SECTOR;
            let starts = iter::once(0).chain((first..length).step_by(SECTOR));
            let ends = (first..length).step_by(SECTOR).chain(iter::once(length));
            starts.zip(ends).filter(|_| dice.random_ratio(1, 2)).map(|(start, end)| start..end).collect()
        }
    }
}

/// Shared memory as a crash may leave it: SQLite must not believe a word of it.
fn add_noise(image: &mut BTreeMap<String, Vec<u8>>, dice: &mut impl Rng) {
    let logs = image.keys().filter_map(|name| name.strip_suffix("-wal")).map(|base| format!("{base}-shm"));
    for name in logs.collect::<Vec<_>>() {
        if dice.random_ratio(1, 2) {
            let mut noise = vec![0; 32 * 1024];
            dice.fill(&mut noise[..]);
            image.insert(name, noise);
        }
    }
}

#[cfg(test)]
mod tests;
