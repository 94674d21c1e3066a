use std::time::SystemTime;

/// What somebody proved himself with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Proof {
    /// A password.
    Password,
    /// A link or a code that was mailed.
    Mailbox,
    /// Single sign-on.
    Federation,
    /// A code of an authenticator app.
    Totp,
    /// A recovery code, which stands for the app.
    RecoveryCode,
}

/// The kinds of proofs. Two proofs of one kind are one factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Factor {
    /// What is known.
    Knowledge,
    /// A mailbox, which is somebody else's machine.
    Mailbox,
    /// Another organisation's word.
    Federation,
    /// What is held.
    Possession,
}

/// When something was last proved, for each [`Proof`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Proofs([Option<SystemTime>; Proof::ALL.len()]);

/// How sure it is who somebody is.
pub trait Assurance: sealed::Sealed {}

/// Something was proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OneFactor {}

/// Two factors were proved, of which one is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TwoFactors {}

mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for OneFactor {}
impl sealed::Sealed for TwoFactors {}
impl Assurance for OneFactor {}
impl Assurance for TwoFactors {}

impl Proof {
    /// All of them.
    pub const ALL: [Proof; 5] = [
        Proof::Password,
        Proof::Mailbox,
        Proof::Federation,
        Proof::Totp,
        Proof::RecoveryCode,
    ];

    /// Its kind.
    pub const fn factor(self) -> Factor {
        match self {
            Proof::Password => Factor::Knowledge,
            Proof::Mailbox => Factor::Mailbox,
            Proof::Federation => Factor::Federation,
            Proof::Totp | Proof::RecoveryCode => Factor::Possession,
        }
    }

    /// Its stable name, to be stored.
    pub const fn name(self) -> &'static str {
        match self {
            Proof::Password => "password",
            Proof::Mailbox => "mailbox",
            Proof::Federation => "federation",
            Proof::Totp => "totp",
            Proof::RecoveryCode => "recovery-code",
        }
    }

    /// The proof of that name.
    pub fn from_name(name: &str) -> Option<Proof> {
        Proof::ALL.into_iter().find(|proof| proof.name() == name)
    }
}

impl Proofs {
    /// That one, at that time.
    pub fn of(proof: Proof, at: SystemTime) -> Proofs {
        Proofs::default().with(proof, at)
    }

    /// The same with another one.
    #[must_use]
    pub fn with(mut self, proof: Proof, at: SystemTime) -> Proofs {
        self.0[proof as usize] = Some(at);
        self
    }

    /// What was proved, and when.
    pub fn iter(&self) -> impl Iterator<Item = (Proof, SystemTime)> {
        let times = Proof::ALL.into_iter().zip(self.0);
        times.filter_map(|(proof, at)| Some((proof, at?)))
    }

    /// When something was last proved.
    pub fn latest(&self) -> Option<SystemTime> {
        self.0.into_iter().flatten().max()
    }

    /// Whether they are two factors.
    ///
    /// # Security
    /// Something that is held has to be among them: a password and a mailbox are one factor, since
    /// whoever has the mailbox has a new password mailed (Kratos #4317 took one mailed code for both).
    pub fn are_two_factors(&self) -> bool {
        let held = |proof: Proof| proof.factor() == Factor::Possession;
        self.iter().any(|(proof, _)| held(proof)) && self.iter().any(|(proof, _)| !held(proof))
    }
}

impl FromIterator<(Proof, SystemTime)> for Proofs {
    fn from_iter<I: IntoIterator<Item = (Proof, SystemTime)>>(proofs: I) -> Proofs {
        let mut all = Proofs::default();
        for (proof, at) in proofs {
            all = all.with(proof, at);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn two_factors(proofs: &[Proof]) -> bool {
        let proofs = proofs.iter().map(|proof| (*proof, UNIX_EPOCH));
        proofs.collect::<Proofs>().are_two_factors()
    }

    #[test]
    fn kratos_4317_one_factor_is_not_counted_twice() {
        use Proof::{Federation, Mailbox, Password, RecoveryCode, Totp};
        for proofs in [
            &[][..],
            &[Password],
            &[Mailbox, Mailbox],
            &[Password, Mailbox],
            &[Password, Mailbox, Federation],
            &[Totp],
            &[Totp, RecoveryCode],
        ] {
            assert!(!two_factors(proofs), "{proofs:?}");
        }
        for proofs in [
            [Password, Totp],
            [Mailbox, Totp],
            [Federation, Totp],
            [Password, RecoveryCode],
        ] {
            assert!(two_factors(&proofs), "{proofs:?}");
        }
    }

    #[test]
    fn each_proof_has_its_place_and_its_name() {
        for (place, proof) in Proof::ALL.into_iter().enumerate() {
            assert_eq!(proof as usize, place);
            assert_eq!(Proof::from_name(proof.name()), Some(proof));
        }
        assert_eq!(Proof::from_name(""), None);
    }
}
