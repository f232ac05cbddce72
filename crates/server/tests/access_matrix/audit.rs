//! Every write that was done is in the audit once, every other one is not, and no secret stands there (trust P2).

use whocpa_domain::input::{RawParams, RawValue};
use whocpa_domain::{Method, Resource};
use whocpa_engine::Caller;
use whocpa_engine::audit::{AuditList, AuditView};

use crate::network::{Actor, Network};
use crate::support::{Answer, CLIENT};

/// How far the audit is read.
pub struct Audit {
    seen: i64,
}

impl Audit {
    /// From now on.
    pub async fn begin(network: &Network) -> Self {
        Self { seen: newest_id(&entries(network, 1).await) }
    }

    /// What is wrong with the entries since the last write.
    pub async fn after(
        &mut self,
        network: &Network,
        actor: Actor,
        path: &str,
        answer: &Answer,
    ) -> Option<String> {
        let newest = entries(network, 1).await;
        let fresh: Vec<&AuditView> = newest.iter().filter(|entry| entry.id > self.seen).collect();
        self.seen = newest_id(&newest);
        let name = path.trim_start_matches("/api/").split(['/', '?']).next().unwrap_or_default();
        let resource = Resource::by_name(name)?;
        let told = answer.json();
        let done = [("updated", Method::Update), ("created", Method::Create), ("deleted", Method::Delete)];
        let done = done.into_iter().find_map(|(word, method)| Some((method, told[word].as_i64()?)));
        // What is only tried is no write.
        let done = done.filter(|_| resource != Resource::Simulate);
        let Some((method, object_id)) = done else {
            return (!fresh.is_empty()).then(|| format!("refused, but in the audit: {fresh:?}"));
        };
        let is_right = |entry: &&AuditView| {
            (entry.resource.as_str(), entry.method.as_str(), entry.object_id)
                == (resource.name(), method.name(), object_id)
                && Some(&entry.user_id) == network.users.get(&actor)
                && Some(&entry.key_id) == network.key_ids.get(&actor)
                && entry.ip == CLIENT.ip().to_string()
        };
        match &fresh[..] {
            [entry] if is_right(entry) => None,
            other => Some(format!("{method:?} of {object_id} is in the audit as {other:?}")),
        }
    }
}

/// Secrets and people's words that stand in the audit: keys, tokens, passwords, messages.
pub async fn secrets(network: &Network) -> Vec<String> {
    let mut secrets: Vec<&str> = vec!["correct horse", "$argon2", "help", "so it is"];
    secrets.extend(network.keys.values().map(String::as_str));
    secrets.extend(network.tokens.values().map(String::as_str));
    secrets.extend(network.notes.iter().map(String::as_str));
    let mut found = Vec::new();
    let mut page = 1;
    loop {
        let all = entries(network, page).await;
        for entry in &all {
            let text = serde_json::to_string(entry).expect("an entry in JSON");
            let told = secrets.iter().filter(|secret| text.contains(**secret));
            found.extend(told.map(|secret| format!("{secret} in {text}")));
        }
        if all.len() < 100 {
            return found;
        }
        page += 1;
    }
}

fn newest_id(newest: &[AuditView]) -> i64 {
    newest.first().map_or(0, |entry| entry.id)
}

async fn entries(network: &Network, page: i64) -> Vec<AuditView> {
    let mut raw = RawParams::default();
    raw.push("page", RawValue::Text(page.to_string()));
    let input: AuditList = raw.read().expect("good parameters");
    let rows = network.app.state.engine.audit_list(Caller::SYSTEM, input).await;
    rows.expect("the audit").rows
}
