//! The one door through which Argon2 is reached.

use argon2::{Algorithm, Argon2, Error, Version};

use super::memory::Memory;
use super::params::Params;

/// Fills `tag` with Argon2id of the password, in memory that was there before.
///
/// It has a place of its own in the program, at which `tests/constant_time.rs` counts instructions.
#[inline(never)]
pub(super) fn derive(
    params: Params,
    key: &[u8],
    (password, salt): (&[u8], &[u8]),
    memory: &mut Memory,
    tag: &mut [u8],
) -> Result<(), Error> {
    let Params {
        memory: kib,
        passes,
        lanes,
    } = params;
    let inner = argon2::Params::new(kib, passes, lanes, None)?;
    derive_with(inner, key, (password, salt), memory, tag)
}

fn derive_with(
    params: argon2::Params,
    key: &[u8],
    (password, salt): (&[u8], &[u8]),
    memory: &mut Memory,
    tag: &mut [u8],
) -> Result<(), Error> {
    #[cfg(test)]
    work::count(&params);
    let blocks = memory.blocks(params.m_cost());
    let argon2 = Argon2::new_with_secret(key, Algorithm::Argon2id, Version::V0x13, params)?;
    argon2.hash_password_into_with_memory(password, salt, tag, blocks)
}

/// What this thread asked of Argon2, for tests that say how much it must.
#[cfg(test)]
pub(super) mod work {
    use std::cell::RefCell;

    /// Blocks and passes of each hash.
    pub(in crate::password) type Work = Vec<(usize, u32)>;

    thread_local! {
        static WORK: RefCell<Work> = const { RefCell::new(Vec::new()) };
    }

    pub(super) fn count(params: &argon2::Params) {
        let hash = (params.block_count(), params.t_cost());
        WORK.with_borrow_mut(|work| work.push(hash));
    }

    pub(in crate::password) fn of<T>(run: impl FnOnce() -> T) -> (T, Work) {
        WORK.take();
        let result = run();
        (result, WORK.take())
    }
}

#[cfg(test)]
mod tests {
    use argon2::{AssociatedData, ParamsBuilder};

    use super::*;

    /// RFC 9106, section 5.3.
    #[test]
    fn rfc_9106_argon2id() {
        let mut params = ParamsBuilder::new();
        params.m_cost(32).t_cost(3).p_cost(4);
        params.data(AssociatedData::new(&[4; 12]).unwrap());
        let mut tag = [0; 32];
        let mut memory = Memory::reserve(32, 32).unwrap();
        let inputs = (&[1; 32][..], &[2; 16][..]);
        derive_with(
            params.build().unwrap(),
            &[3; 8],
            inputs,
            &mut memory,
            &mut tag,
        )
        .unwrap();
        assert_eq!(
            tag,
            [
                0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b,
                0x53, 0xc9, 0xd0, 0x1e, 0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9,
                0x6b, 0x01, 0xe6, 0x59,
            ]
        );
    }

    #[test]
    fn what_a_hash_left_in_memory_changes_no_other() {
        let params = Params::insecure_for_tests();
        let mut fresh = Memory::reserve(64, 0).unwrap();
        let mut used = Memory::reserve(256, 256).unwrap();
        for block in used.blocks(256) {
            block.as_mut().fill(0x5555_5555_5555_5555);
        }
        let tag = |memory: &mut Memory| {
            let mut tag = [0; 32];
            derive(params, b"", (b"password", b"saltsalt"), memory, &mut tag).unwrap();
            tag
        };
        let expected = tag(&mut fresh);
        assert_eq!(tag(&mut used), expected);
        assert_eq!(tag(&mut used), expected);
    }
}
