//! Signatures as Standard Webhooks 1.0 have them: HMAC-SHA256 of `id.timestamp.content` under a secret of 24 to 64 bytes, which
//! is written `whsec_` and base64. While a secret is being replaced both sign.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::Rng;

/// In front of every secret.
const PREFIX: &str = "whsec_";
/// Random bytes of a secret that we make.
const BYTES: usize = 32;

/// A new secret.
pub(crate) fn secret_new(rng: &Rng) -> String {
    let mut bytes = [0; BYTES];
    rng.fill(&mut bytes);
    format!("{PREFIX}{}", STANDARD.encode(bytes))
}

/// The bytes of a secret; `None` for what is none.
pub(crate) fn secret_bytes(text: &str) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
    (24..=64).contains(&bytes.len()).then_some(bytes)
}

/// The value of `webhook-signature`.
pub(super) fn signature(secrets: &[Vec<u8>], id: &str, timestamp: i64, content: &str) -> String {
    let one = |secret: &Vec<u8>| -> Option<String> {
        let mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
        let mac = mac.chain_update(format!("{id}.{timestamp}.")).chain_update(content);
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    };
    secrets.iter().filter_map(one).collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the specification's libraries are tested with.
    #[test]
    fn signs_like_the_published_example() {
        let secret = secret_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");
        let payload = r#"{"test": 2432232314}"#;
        let both = [secret.clone(), secret];
        let signed = signature(&both[..1], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, payload);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let twice = signature(&both, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, payload);
        assert_eq!(twice, format!("{signed} {signed}"));
    }

    #[test]
    fn secrets_have_24_to_64_bytes() {
        assert!(secret_bytes(&secret_new(&Rng::seeded(1))).is_some());
        for wrong in ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!"] {
            assert!(secret_bytes(wrong).is_none(), "{wrong}");
        }
        assert!(secret_bytes(&format!("whsec_{}", STANDARD.encode([7; 65]))).is_none());
    }
}
