//! `/lead/import`: a table of leads, orders or decisions, answered by a report with a verdict for each line.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use serde_json::{Value, json};
use whocpa_domain::access::Caller;
use whocpa_domain::input::{RawParams, RawValue};
use whocpa_domain::{Error, Result as DomainResult, params};
use whocpa_engine::lead::ImportLine;

use super::client_ip::client_ip;
use super::lead_add::{answered, keyed};
use crate::api::{self, Answered, ApiError, Asked};
use crate::limits::Kind;
use crate::state::AppState;

params! {
    /// How a table is taken in.
    pub struct ImportAsked {
        /// 1 only tells what would become of each line.
        preview: Option<bool>,
    }
}

/// `POST /lead/import`: `api_key`, `file` (or `csv`, the same as text) and `preview`.
pub async fn import(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    answered(receive(&state, peer, request).await)
}

async fn receive(state: &AppState, peer: SocketAddr, request: Request) -> Result<Answered, ApiError> {
    let (parts, body) = request.into_parts();
    let mut raw = api::parameters(&state.config.limits, &parts, body).await?;
    let key = api::take_key(&parts.headers, &mut raw)?.ok_or(Error::Unauthorized)?;
    let ip = client_ip(peer, &parts.headers, &state.config.trusted_proxies);
    let caller = keyed(state, ip, &key, Kind::Upload).await?;
    let asked = Asked::of(state, caller, &parts, raw);
    let engine = state.engine.clone();
    let told = |_| Err(Error::Internal("a table was told in no form of its own".to_owned()));
    let work = |mut caller: Caller, mut raw: RawParams| async move {
        // One line must not settle the claim of all. A table that a crash cut short runs again when its claim is over: the
        // lines that are known already say so.
        caller.origin.claim = None;
        let table = table(&mut raw)?;
        let asked: ImportAsked = raw.read()?;
        let is_preview = asked.preview == Some(true);
        let lines = engine.lead_import(caller, &table, is_preview).await?;
        Ok(report(&lines, is_preview).to_string().into())
    };
    api::once(asked, told, work).await
}

fn table(raw: &mut RawParams) -> DomainResult<Vec<u8>> {
    let mut sent = raw.take("file");
    sent.append(&mut raw.take("csv"));
    match (sent.pop(), sent.is_empty()) {
        (Some(RawValue::File(file)), true) => Ok(file.bytes().to_vec()),
        (Some(RawValue::Text(text) | RawValue::Element(text)), true) => Ok(text.into_bytes()),
        (None | Some(RawValue::Null), _) => Err(Error::field("file", "This parameter is required")),
        _ => Err(Error::field("file", "Must be given once")),
    }
}

fn report(lines: &[ImportLine], is_preview: bool) -> Value {
    let mut counts = std::collections::BTreeMap::new();
    for word in ["accepted", "updated", "duplicate", "parked", "rejected"] {
        counts.insert(word, 0);
    }
    let mut told = Vec::with_capacity(lines.len());
    for line in lines {
        let (word, line) = match &line.outcome {
            Ok(outcome) => (
                outcome.verdict.as_str(),
                json!({
                    "line": line.line,
                    "verdict": outcome.verdict,
                    "id": outcome.id,
                    "orphan_id": outcome.orphan_id,
                    "status": outcome.status,
                    "reason": outcome.reason,
                    "first_lead_id": outcome.first_lead_id,
                }),
            ),
            Err(error) => {
                let body = ApiError::from(error.clone()).body();
                let body: Value = serde_json::from_str(&body).unwrap_or_default();
                ("rejected", json!({"line": line.line, "verdict": "rejected", "error": body["error"]}))
            }
        };
        if let Some(count) = counts.get_mut(word) {
            *count += 1;
        }
        told.push(line);
    }
    json!({"preview": is_preview, "lines": lines.len(), "verdicts": counts, "report": told})
}
