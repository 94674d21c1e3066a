//! What Argon2 fills, kept between hashes: a fresh buffer costs page faults, and no hash waits for them.

use argon2::Block;
use zeroize::Zeroize;

/// Blocks of 1 KiB, wiped when they go back to the system.
pub(super) struct Memory(Vec<Block>);

impl Memory {
    /// Room for `most` blocks, of which `ready` are touched now, if there is so much.
    pub(super) fn reserve(most: u32, ready: u32) -> Option<Memory> {
        let mut blocks = Vec::new();
        blocks.try_reserve_exact(usize::try_from(most).ok()?).ok()?;
        let mut memory = Memory(blocks);
        memory.blocks(ready.min(most));
        Some(memory)
    }

    /// The first `count` blocks, at most as many as were reserved.
    pub(super) fn blocks(&mut self, count: u32) -> &mut [Block] {
        let count = (count as usize).min(self.0.capacity());
        if self.0.len() < count {
            self.0.resize(count, Block::new());
        }
        &mut self.0[..count]
    }

    /// Overwrites what hashes have left.
    pub(super) fn wipe(&mut self) {
        self.0.iter_mut().zeroize();
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.wipe();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_ever_taken_than_was_reserved() {
        let mut memory = Memory::reserve(16, 8).unwrap();
        let capacity = memory.0.capacity();
        assert_eq!(memory.0.len(), 8);
        for count in [4, 16, 17, u32::MAX, 8] {
            assert!(memory.blocks(count).len() <= capacity);
        }
        assert_eq!(memory.0.capacity(), capacity);
    }

    #[test]
    fn wiping_leaves_nothing() {
        let mut memory = Memory::reserve(8, 8).unwrap();
        for block in memory.blocks(8) {
            block.as_mut().fill(u64::MAX);
        }
        memory.wipe();
        let words = memory.blocks(8).iter().flat_map(|block| block.as_ref());
        assert!(words.copied().all(|word| word == 0));
    }
}
