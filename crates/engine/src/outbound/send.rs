//! Sending: an answer of any status is an answer, and no more of it is read than is kept.

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use tokio::time::{Instant, timeout, timeout_at};

use super::{Limits, Outbound, OutboundError};

/// What is sent.
pub(crate) struct Outgoing<'a> {
    /// The address, with all its values.
    pub url: &'a str,
    /// Names and values.
    pub headers: &'a [(String, String)],
    /// `POST` with this body; without one `GET`.
    pub body: Option<String>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Status.
    pub status: u16,
    /// When to come again, as it was written.
    pub retry_after: String,
    /// The beginning of the body.
    pub body: Vec<u8>,
}

impl Outbound {
    /// Sends a message once; gives the answer whatever its status is. Of its body at most `limits.bytes` are read, and a body
    /// that breaks off or drips does not undo the status that came before it.
    ///
    /// # Errors
    /// When the address may not be used or nobody answered in time.
    pub(crate) async fn send(&self, outgoing: Outgoing<'_>, limits: Limits) -> Result<Answer, OutboundError> {
        let url = self.check(outgoing.url)?;
        let deadline = Instant::now() + limits.total;
        let method = if outgoing.body.is_some() { Method::POST } else { Method::GET };
        let mut request = self.client.request(method, url).headers(headers(outgoing.headers)?);
        if let Some(body) = outgoing.body {
            request = request.body(body);
        }
        let Ok(sent) = timeout_at(deadline, request.send()).await else { return Err(OutboundError::TooSlow) };
        let mut response = sent.map_err(|error| {
            // Addresses hold secrets of those who gave them.
            tracing::debug!(error = ?error.without_url(), "an address was not reached");
            OutboundError::Unreachable
        })?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.unwrap_or_default().to_owned();
        let mut body = Vec::new();
        let enough = usize::try_from(limits.bytes).unwrap_or(usize::MAX);
        while body.len() < enough {
            let piece = timeout_at(deadline, timeout(limits.idle, response.chunk())).await;
            let Ok(Ok(Ok(Some(piece)))) = piece else { break };
            let take = piece.len().min(enough - body.len());
            body.extend_from_slice(&piece[..take]);
        }
        Ok(Answer { status, retry_after, body })
    }
}

/// Headers as they were checked when they were saved.
fn headers(pairs: &[(String, String)]) -> Result<HeaderMap, OutboundError> {
    let mut headers = HeaderMap::with_capacity(pairs.len());
    for (name, value) in pairs {
        let pair = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
        let (name, value) = pair.ok_or(OutboundError::Refused("A header may not have this name or value"))?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// Whether a header may be set by who gives an address: not those by which a request could become another one.
pub(crate) fn is_header(name: &str, value: &str) -> bool {
    const OURS: [&str; 10] = [
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "upgrade",
        "te",
        "trailer",
        "expect",
        "content-type",
        "user-agent",
    ];
    let lower = name.to_ascii_lowercase();
    let is_ours =
        OURS.contains(&lower.as_str()) || lower.starts_with("proxy-") || lower.starts_with("webhook-");
    !is_ours && HeaderName::try_from(name).is_ok() && HeaderValue::try_from(value).is_ok()
}
