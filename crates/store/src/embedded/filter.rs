//! Which hashes are surely not among many: a filter that keeps most questions away from the tables.

/// A Bloom filter in blocks of a cache line each (Putze, Sanders, Singler 2007), so that a look is one trip to memory.
/// Sixteen bits per entry and five probes let one in five hundred unknown hashes through.
pub(super) struct Filter {
    /// Blocks of [`WORDS`] words.
    bits: Vec<[u64; WORDS]>,
}

const WORDS: usize = 8;
const BITS_PER_ENTRY: usize = 16;
const PROBES: u32 = 5;
/// Bits that say where in a block a probe looks: a block has 512.
const PLACE_BITS: u32 = 9;

impl Filter {
    /// Room for so many hashes; more make it let more strangers through.
    pub(super) fn for_entries(entries: usize) -> Self {
        Self { bits: vec![[0; WORDS]; (entries * BITS_PER_ENTRY).div_ceil(WORDS * 64).max(1)] }
    }

    pub(super) fn add(&mut self, hash: u64) {
        let hash = mixed(hash);
        let block = self.block(hash);
        for (word, mask) in places(hash) {
            self.bits[block][word] |= mask;
        }
    }

    /// Whether a hash was added; now and then also of one that was not.
    pub(super) fn may_hold(&self, hash: u64) -> bool {
        let hash = mixed(hash);
        let block = &self.bits[self.block(hash)];
        places(hash).all(|(word, mask)| block[word] & mask != 0)
    }

    /// By the upper half of the hash, scaled: there are fewer than 2^32 blocks.
    fn block(&self, hash: u64) -> usize {
        usize::try_from(((hash >> 32) * self.bits.len() as u64) >> 32).unwrap_or(0)
    }
}

/// Spreads a hash over all its bits, which FNV-1a does not do with the last letters: the end of MurmurHash3.
const fn mixed(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// Words and bits of a hash's probes in its block, by its lower bits.
fn places(hash: u64) -> impl Iterator<Item = (usize, u64)> {
    (0..PROBES).map(move |probe| {
        let place = (hash >> (PLACE_BITS * probe)) & ((1 << PLACE_BITS) - 1);
        (usize::try_from(place / 64).unwrap_or(0), 1 << (place % 64))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::SendKey;

    #[test]
    fn the_filter_knows_its_own_and_few_others() {
        let hash = |n: u64| SendKey::for_test("someone", &format!("client-{n}")).hash();
        let mut filter = Filter::for_entries(10_000);
        (0..10_000).for_each(|n| filter.add(hash(n)));
        assert!((0..10_000).all(|n| filter.may_hold(hash(n))));
        let strangers = (10_000..20_000).filter(|n| filter.may_hold(hash(*n))).count();
        assert!(strangers < 60, "{strangers} of 10,000 let through");
    }
}
