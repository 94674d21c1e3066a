//! What one hash costs.

use std::fmt;

use super::phc::{LANES, PASSES};

/// Memory, passes and lanes of one Argon2id hash.
///
/// The presets of OWASP's Password Storage Cheat Sheet are meant to be equally hard to attack; more
/// memory takes less time for its strength, and needs more of the machine at once.
///
/// ```
/// use weft_auth::password::{Params, ParamsError};
///
/// assert_eq!(Params::new(19_456, 2, 1), Ok(Params::OWASP));
/// assert_eq!(Params::new(4_096, 1, 1), Err(ParamsError::Weak));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Params {
    pub(super) memory: u32,
    pub(super) passes: u32,
    pub(super) lanes: u32,
}

/// Why parameters are none that may be configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParamsError {
    /// They are weaker than the weakest preset of OWASP.
    Weak,
    /// There are more than 16 passes or 4 lanes, or fewer than one.
    OutOfRange,
}

impl Params {
    /// OWASP's recommendation: 19 MiB, 2 passes, 1 lane.
    pub const OWASP: Params = preset(19_456, 2, 1);
    /// OWASP's alternative of 46 MiB and 1 pass.
    pub const OWASP_46_MIB: Params = preset(47_104, 1, 1);
    /// OWASP's alternative of 12 MiB and 3 passes.
    pub const OWASP_12_MIB: Params = preset(12_288, 3, 1);
    /// OWASP's alternative of 9 MiB and 4 passes.
    pub const OWASP_9_MIB: Params = preset(9_216, 4, 1);
    /// OWASP's alternative of 7 MiB and 5 passes.
    pub const OWASP_7_MIB: Params = preset(7_168, 5, 1);
    /// RFC 9106, section 4, first choice: 2 GiB, 1 pass, 4 lanes.
    pub const RFC_9106_2_GIB: Params = preset(2_097_152, 1, 4);
    /// RFC 9106, section 4, second choice: 64 MiB, 3 passes, 4 lanes.
    pub const RFC_9106_64_MIB: Params = preset(65_536, 3, 4);

    /// Parameters of your own, with `memory` in KiB.
    ///
    /// # Errors
    /// When they have less memory, or fill less of it in all passes together, than the weakest preset of
    /// OWASP (7 MiB, 5 passes), or more passes or lanes than a stored hash may have.
    pub fn new(memory: u32, passes: u32, lanes: u32) -> Result<Params, ParamsError> {
        let weakest = Params::OWASP_7_MIB;
        let params = preset(memory, passes, lanes);
        if !(1..=PASSES).contains(&passes) || !(1..=LANES).contains(&lanes) {
            return Err(ParamsError::OutOfRange);
        }
        match memory >= weakest.memory && params.filled() >= weakest.filled() {
            true => Ok(params),
            false => Err(ParamsError::Weak),
        }
    }

    /// 64 KiB and 1 pass, so that tests do not wait: it resists no attack.
    pub const fn insecure_for_tests() -> Params {
        preset(64, 1, 1)
    }

    /// KiB written in all passes together.
    pub(super) fn filled(self) -> u64 {
        u64::from(self.memory) * u64::from(self.passes)
    }
}

impl Default for Params {
    fn default() -> Params {
        Params::OWASP
    }
}

const fn preset(memory: u32, passes: u32, lanes: u32) -> Params {
    Params {
        memory,
        passes,
        lanes,
    }
}

impl fmt::Display for ParamsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ParamsError::Weak => "the parameters are weaker than 7 MiB with 5 passes",
            ParamsError::OutOfRange => "the parameters have not 1 to 16 passes and 1 to 4 lanes",
        })
    }
}

impl std::error::Error for ParamsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_may_be_configured() {
        for params in [
            Params::OWASP,
            Params::OWASP_46_MIB,
            Params::OWASP_12_MIB,
            Params::OWASP_9_MIB,
            Params::OWASP_7_MIB,
            Params::RFC_9106_2_GIB,
            Params::RFC_9106_64_MIB,
        ] {
            let Params {
                memory,
                passes,
                lanes,
            } = params;
            assert_eq!(Params::new(memory, passes, lanes), Ok(params));
        }
    }

    #[test]
    fn what_is_weaker_or_costlier_than_any_preset_may_not() {
        for (memory, passes) in [(7_167, 16), (7_168, 4), (35_839, 1), (0, 16)] {
            let weak = Params::new(memory, passes, 1);
            assert_eq!(weak, Err(ParamsError::Weak), "{memory} {passes}");
        }
        for (passes, lanes) in [(0, 1), (17, 1), (2, 0), (2, 5)] {
            let out = Params::new(19_456, passes, lanes);
            assert_eq!(out, Err(ParamsError::OutOfRange), "{passes} {lanes}");
        }
    }
}
