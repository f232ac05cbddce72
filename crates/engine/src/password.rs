//! Passwords: Argon2id in a bounded place, so that a storm of them takes neither the memory nor the processors from
//! clicks (trust T2).

use std::sync::LazyLock;
use std::thread::available_parallelism;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use tokio::sync::Semaphore;
use whocpa_domain::input::Limits;
use whocpa_domain::{Error, FieldErrors, Result};

use crate::auth::login_plain;

/// Shortest accepted password, in characters.
pub const PASSWORD_MIN: usize = 8;
/// Longest accepted password, in characters: hashing must not be made expensive from outside.
const PASSWORD_MAX: usize = 256;
/// A new password.
pub(crate) const PASSWORD: Limits = Limits::Text(PASSWORD_MIN, PASSWORD_MAX);
/// Passwords that may wait to be hashed; with more than these the answer is "later".
const QUEUE: usize = 256;

/// One hash per processor: each takes 19 MiB and a whole processor.
static SEATS: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(available_parallelism().map_or(1, std::num::NonZero::get)));
static WAITING: Semaphore = Semaphore::const_new(QUEUE);

/// Passwords of 8 and more characters that most people use: the first that are guessed. In lower case, one a line.
const COMMON: &str = include_str!("common_passwords.txt");
/// What a password that [`is_login`] is told.
pub(crate) const LIKE_LOGIN: &str = "Must not be the login";

/// Checks a new password of the account of this login.
pub(crate) fn password_check(errors: &mut FieldErrors, login: &str, password: &str) {
    PASSWORD.check(errors, "password", password);
    if is_login(login, password) {
        errors.add("password", LIKE_LOGIN);
    }
    let plain = password.trim().to_lowercase();
    if COMMON.lines().any(|common| common == plain) {
        errors.add("password", "Too many people use this password: choose another one");
    }
}

/// Whether a password is the login itself, in whatever capitals: strangers try that first.
pub(crate) fn is_login(login: &str, password: &str) -> bool {
    !password.trim().is_empty() && login_plain(login) == login_plain(password)
}

/// Argon2id with the library's parameters (m = 19 MiB, t = 2, p = 1; trust T2), off the async threads.
///
/// # Errors
/// [`Error::Unavailable`] when too many passwords wait already.
pub async fn password_hash(password: String) -> Result<String> {
    seated(move || {
        let hash = Argon2::default().hash_password(password.as_bytes());
        Ok(hash.map_err(|e| Error::Internal(format!("hashing a password: {e}")))?.to_string())
    })
    .await
}

/// Whether a password is the one of this hash; it takes as long as [`password_hash`].
pub(crate) async fn password_fits(password: String, hash: String) -> Result<bool> {
    seated(move || {
        let hash =
            PasswordHash::new(&hash).map_err(|e| Error::Internal(format!("stored password hash: {e}")))?;
        // Whatever is longer was never accepted, and must not cost more; nor was the empty one.
        let password = if password.chars().count() > PASSWORD_MAX { String::new() } else { password };
        Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    })
    .await
}

/// Whether this is a hash that [`password_hash`] could have made.
pub(crate) fn is_hash(text: &str) -> bool {
    PasswordHash::new(text).is_ok()
}

async fn seated<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let full = |_| Error::Unavailable("too many passwords wait to be hashed".to_owned());
    let waiting = WAITING.try_acquire().map_err(full)?;
    let seat = SEATS.acquire().await.map_err(|e| Error::Internal(format!("hashing passwords: {e}")))?;
    let done = tokio::task::spawn_blocking(move || {
        // Held until the work is done, even when the request that wanted it is gone.
        let _held = (waiting, seat);
        work()
    });
    done.await.map_err(|e| Error::Internal(format!("a worker thread failed: {e}")))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_tries_first_is_no_password() {
        let refused = |login: &str, password: &str| {
            let mut errors = FieldErrors::default();
            password_check(&mut errors, login, password);
            !errors.is_empty()
        };
        assert!(
            refused("wanda", "Password1") && refused("wanda", " 12345678 ") && refused("wanda", "йцукенгш")
        );
        assert!(refused("wanda-the-great", " Wanda-The-Great"));
        assert!(!refused("wanda", "wanda-the-great") && !refused("", "correct horse"));
        let common: Vec<&str> = COMMON.lines().collect();
        assert!(common.len() >= 100);
        for line in common {
            assert!(line.chars().count() >= PASSWORD_MIN && line.to_lowercase() == line.trim(), "{line:?}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_storm_of_passwords_is_bounded() {
        let hash = password_hash("correct horse".to_owned()).await.expect("a hash");
        assert!(is_hash(&hash) && hash.contains("m=19456,t=2,p=1"), "{hash}");
        assert!(password_fits("correct horse".to_owned(), hash.clone()).await.expect("compared"));
        assert!(!password_fits("correct hors".to_owned(), hash.clone()).await.expect("compared"));
        let long = "x".repeat(PASSWORD_MAX + 1);
        assert!(!password_fits(long, hash.clone()).await.expect("compared"));

        let held: Vec<_> = (0..QUEUE).map_while(|_| WAITING.try_acquire().ok()).collect();
        let late = password_fits("correct horse".to_owned(), hash).await;
        assert!(matches!(late, Err(Error::Unavailable(_))), "{late:?}");
        drop(held);
    }
}
