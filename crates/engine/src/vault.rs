//! Encryption at rest of what must be readable again, and keyed hashes of what must be recognised again, with a key
//! that is outside the database.
//!
//! The key is made at the first start and stands in `secret.key` in the data folder (mode 0600); nodes that share a
//! database share this file. Losing it loses the readable form of profile keys, not their validity.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::{Digest, Sha256};
use whocpa_domain::hex::{hex, unhex};
use whocpa_domain::{Error, Result};

use crate::Rng;

const NONCE_BYTES: usize = 24;

/// What the key of keyed hashes is derived for.
const MAC_LABEL: &[u8] = b"whocpa: hashes of requests";
/// What the key of telephone numbers' hashes is derived for.
const PHONE_LABEL: &[u8] = b"whocpa: telephone numbers of buyers";

/// Encrypts and decrypts small texts, and recognises what it has seen.
pub struct Vault {
    cipher: XChaCha20Poly1305,
    mac: Hmac<Sha256>,
    phone: Hmac<Sha256>,
}

impl Vault {
    /// Reads the key of `data_dir`, or makes one.
    pub fn open(data_dir: &Path, rng: &Rng) -> Result<Self> {
        let path = data_dir.join("secret.key");
        let failed = |e: std::io::Error| Error::Unavailable(format!("{}: {e}", path.display()));
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => {
                let mut key = [0u8; 32];
                rng.fill(&mut key);
                let text = hex(&key);
                std::fs::create_dir_all(data_dir).map_err(failed)?;
                let mut file = std::fs::OpenOptions::new();
                let mut file = file.write(true).create_new(true).mode(0o600).open(&path).map_err(failed)?;
                file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
                text
            }
            Err(other) => return Err(failed(other)),
        };
        let key = unhex(text.trim()).filter(|key| key.len() == 32);
        let key = key.ok_or_else(|| {
            Error::Unavailable(format!("{}: must be 64 hexadecimal digits", path.display()))
        })?;
        let wrong = || Error::Internal("the vault's key has a wrong length".to_owned());
        let cipher = XChaCha20Poly1305::new_from_slice(&key).map_err(|_| wrong())?;
        // Each use of the file has a key of its own.
        let derived = |label: &[u8]| -> Option<Hmac<Sha256>> {
            keyed(&keyed(&key)?.chain_update(label).finalize().into_bytes())
        };
        let mac = derived(MAC_LABEL).ok_or_else(wrong)?;
        let phone = derived(PHONE_LABEL).ok_or_else(wrong)?;
        Ok(Self { cipher, mac, phone })
    }

    /// HMAC-SHA256 of `bytes`, hexadecimal: tells whether they are the same again, and nothing to whoever reads the
    /// database and can guess them (a telephone number among them has few possible values).
    pub fn mac(&self, bytes: &[u8]) -> String {
        hex(&self.mac.clone().chain_update(bytes).finalize().into_bytes())
    }

    /// The same for a telephone number as E.164, under a key of its own.
    pub fn phone_mac(&self, e164: &str) -> String {
        hex(&self.phone.clone().chain_update(e164.as_bytes()).finalize().into_bytes())
    }

    /// Encrypts `text`; gives nonce and ciphertext as hexadecimal text.
    pub fn seal(&self, rng: &Rng, text: &str) -> Result<String> {
        Ok(hex(&self.seal_bytes(rng, text.as_bytes())?))
    }

    /// Decrypts what [`Vault::seal`] made; `None` when the key is another one or the text was changed.
    pub fn open_text(&self, sealed: &str) -> Option<String> {
        String::from_utf8(self.open_bytes(&unhex(sealed)?)?).ok()
    }

    /// Encrypts `bytes`; gives nonce and ciphertext.
    pub fn seal_bytes(&self, rng: &Rng, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0u8; NONCE_BYTES];
        rng.fill(&mut nonce);
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), bytes);
        let sealed = sealed.map_err(|_| Error::Internal("encryption failed".to_owned()))?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Decrypts what [`Vault::seal_bytes`] made; `None` when the key is another one or the bytes were changed.
    pub fn open_bytes(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
        self.cipher.decrypt(&XNonce::from(nonce), sealed).ok()
    }
}

fn keyed(key: &[u8]) -> Option<Hmac<Sha256>> {
    Hmac::new_from_slice(key).ok()
}

/// Whether `signature` (hexadecimal) is the HMAC-SHA256 of `text` under `secret`. The time that it takes tells nothing
/// about how much of it fits.
pub fn signature_fits(secret: &str, text: &str, signature: &str) -> bool {
    let given = unhex(signature.trim());
    let keyed = keyed(secret.as_bytes());
    keyed
        .zip(given)
        .is_some_and(|(mac, given)| mac.chain_update(text.as_bytes()).verify_slice(&given).is_ok())
}

/// SHA-256 of a key or token, hexadecimal: what is stored instead of it. Enough for values of 128 random bits.
pub fn fingerprint(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}
