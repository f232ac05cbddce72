//! The bytes of a body: not too many, not too slowly.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use super::error::ApiError;

/// What is read and thrown away of a body that is too long, so that its sender reads the refusal instead of finding
/// the connection broken.
const LINGER_BYTES: usize = 16 << 20;
/// How long that is done.
const LINGER: Duration = Duration::from_secs(5);

/// Reads a body of at most `limit` bytes, which must be there after `time`.
pub(crate) async fn collect(
    headers: &HeaderMap,
    mut body: Body,
    limit: usize,
    time: Duration,
) -> Result<Bytes, ApiError> {
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        // Whoever asks before sending (`Expect: 100-continue`) sends nothing when refused, and reading would ask him.
        if !headers.contains_key(header::EXPECT) {
            linger(body);
        }
        return Err(ApiError::TooLarge(limit));
    }
    match timeout(time, frames(&mut body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(ApiError::TooLarge(limit))) => {
            linger(body);
            Err(ApiError::TooLarge(limit))
        }
        Ok(Err(refused)) => Err(refused),
        Err(_) => Err(ApiError::Slow(time.as_secs())),
    }
}

async fn frames(body: &mut Body, limit: usize) -> Result<Bytes, ApiError> {
    let mut whole = Bytes::new();
    let mut parts = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|error| ApiError::Malformed(format!("The body cannot be read: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + parts.len() + data.len() > limit {
            return Err(ApiError::TooLarge(limit));
        }
        if whole.is_empty() && parts.is_empty() {
            // Most bodies are one frame, which needs no copy.
            whole = data;
        } else {
            if parts.is_empty() {
                parts.extend_from_slice(&std::mem::take(&mut whole));
            }
            parts.extend_from_slice(&data);
        }
    }
    Ok(if parts.is_empty() { whole } else { parts.into() })
}

/// Reads on in the background and forgets what it reads.
pub(super) fn linger(mut body: Body) {
    tokio::spawn(timeout(LINGER, async move {
        let mut left = LINGER_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                return;
            }
        }
    }));
}
