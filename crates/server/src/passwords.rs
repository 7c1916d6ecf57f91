//! Hashes of passwords: Argon2id with the parameters that its library recommends (19 MiB, two passes), which are
//! those of the OWASP password storage guide.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::Argon2;
use argon2::password_hash::{Error, PasswordHasher as _, PasswordVerifier as _};
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::limits;
use ringback_model::ports::{Dice, Fut, Passwords};
use ringback_model::secret::Secret;
use tokio::sync::Semaphore;

/// Hashes passwords beside the async threads, a few at a time: a flood of logins costs time, not memory.
pub struct ArgonPasswords {
    turns: Arc<Semaphore>,
    /// Those that wait or work.
    busy: AtomicUsize,
    /// For salts.
    dice: Arc<dyn Dice>,
}

/// Counts one that waits or works, for as long as it lives.
struct Busy<'a>(&'a AtomicUsize);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl ArgonPasswords {
    /// Hashes with salts from these dice.
    #[must_use]
    pub fn new(dice: Arc<dyn Dice>) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            turns: Arc::new(Semaphore::new(processors.min(limits::PASSWORDS_AT_ONCE))),
            busy: AtomicUsize::new(0),
            dice,
        }
    }

    /// 128 bits, as many as the PHC string format recommends.
    fn salt(&self) -> [u8; 16] {
        let (first, second) = (self.dice.roll(), self.dice.roll());
        ((u128::from(first) << 64) | u128::from(second)).to_be_bytes()
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Failure> {
        let before = self.busy.fetch_add(1, Ordering::Relaxed);
        let _busy = Busy(&self.busy);
        if before >= limits::PASSWORDS_WAITING {
            let detail = "too many passwords are being checked; try again in a moment";
            return Err(Refusal::new(RefusalCode::Overloaded, detail).into());
        }
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|error| Fault::from_error("no turn to hash a password", error))?;
        let done = tokio::task::spawn_blocking(move || {
            // The turn ends with the work, not with the caller, who may be gone before.
            let _turn = turn;
            work()
        });
        Ok(done.await.map_err(|error| Fault::from_error("hashing a password broke", error))??)
    }
}

impl Passwords for ArgonPasswords {
    fn hash(&self, password: Secret) -> Fut<'_, Result<Secret, Failure>> {
        let salt = self.salt();
        Box::pin(self.in_turn(move || {
            let hash = Argon2::default().hash_password_with_salt(password.reveal().as_bytes(), &salt);
            Ok(hash.map_err(broken)?.to_string().into())
        }))
    }

    fn verify(&self, password: Secret, hash: Secret) -> Fut<'_, Result<bool, Failure>> {
        Box::pin(self.in_turn(move || {
            match Argon2::default().verify_password(password.reveal().as_bytes(), hash.reveal()) {
                Ok(()) => Ok(true),
                Err(Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(broken(error)),
            }
        }))
    }
}

/// Says nothing of the password: the library's errors do not either.
fn broken(error: Error) -> Fault {
    Fault::from_error("a password cannot be hashed or its hash cannot be read", error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemDice;

    fn passwords() -> ArgonPasswords {
        ArgonPasswords::new(Arc::new(SystemDice))
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_hash() {
        let passwords = passwords();
        let hash = passwords.hash("open sesame".into()).await.unwrap();
        let text = hash.reveal();
        assert!(text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && !text.contains("sesame"), "{text}");
        assert!(passwords.verify("open sesame".into(), hash.clone()).await.unwrap());
        assert!(!passwords.verify("open sesam".into(), hash.clone()).await.unwrap());
        assert!(!passwords.verify("".into(), hash.clone()).await.unwrap());
        assert_ne!(passwords.hash("open sesame".into()).await.unwrap(), hash, "every hash has its own salt");
        assert!(passwords.verify("x".into(), "not a hash".into()).await.is_err());
    }

    #[tokio::test]
    async fn a_flood_is_refused_and_what_waits_is_not() {
        let passwords = passwords();
        let turns = u32::try_from(passwords.turns.available_permits()).unwrap();
        let held = Arc::clone(&passwords.turns).acquire_many_owned(turns).await.unwrap();
        let verify = || passwords.verify("x".into(), "not a hash".into());
        let mut waiting: Vec<_> = (0..limits::PASSWORDS_WAITING).map(|_| verify()).collect();
        for wait in &mut waiting {
            assert!(futures_util::poll!(wait).is_pending());
        }
        let refused = verify().await.unwrap_err();
        assert!(
            matches!(&refused, Failure::Refused(Refusal { code: RefusalCode::Overloaded, .. })),
            "{refused}"
        );
        waiting.truncate(1);
        assert!(futures_util::poll!(verify()).is_pending(), "those who went have made room");
        drop(held);
        let done = waiting.remove(0).await.unwrap_err().to_string();
        assert!(done.contains("cannot be read"), "{done}");
    }
}
