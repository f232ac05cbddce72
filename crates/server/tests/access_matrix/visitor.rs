//! What visitors of a party's link leave: a click, a lead, and a report that belongs to no click.

use std::net::IpAddr;

use whocpa_domain::Resource;
use whocpa_domain::lead::{LeadReason, LeadStatus};
use whocpa_engine::click::Visit;
use whocpa_engine::lead::{Conversion, Verdict};

use crate::network::Actor::{self, Operator, WebmasterA, WebmasterB};
use crate::network::{Network, Party};

impl Network {
    /// A visitor of the party's link who buys.
    pub async fn lead(&mut self, party: &Party, goal_id: i64) {
        let engine = self.app.state.engine.clone();
        let path = format!("/api/link/{}", party.link);
        let link = self.send(party.webmaster, "GET", &path, "").await.json();
        let (word, note) = (self.word(), self.word());
        let mut query = format!("subid1={word}&note={note}");
        for name in ["promo", "landing", "stock", "product"] {
            let path = format!("/api/{name}/?offer_id={}", party.public_offer);
            let found = self.send(party.webmaster, "GET", &path, "").await.json();
            query = format!("{query}&{name}_id={}", found["objects"][0]["id"]);
        }
        let visit = Visit {
            query: &query,
            ip: IpAddr::from([8, 8, 8, 8]),
            ua: "Mozilla/5.0",
            languages: "en",
            ..Visit::to(link["object"]["code"].as_str().expect("a code"))
        };
        let tid = engine.click_track(visit).await.tid;
        self.drained(&tid).await;
        self.add(Resource::Click, tid.as_str(), &[party.webmaster, Operator], &note);
        let conversion = Conversion {
            advertiser_id: self.users[&party.advertiser],
            tid,
            goal_id: Some(goal_id),
            sale_id: word.clone(),
            amount: None,
            status: LeadStatus::Approved,
            reason: LeadReason::Untold,
            comment: String::new(),
            ..Conversion::default()
        };
        match engine.lead_receive(conversion).await.expect("a verdict") {
            Verdict::Accepted { lead_id, .. } => {
                self.add(Resource::Lead, lead_id, &[party.webmaster, party.advertiser, Operator], &word);
                self.transfers(party, lead_id).await;
            }
            other => panic!("not accepted: {other:?}"),
        }
    }

    /// The lead's transfers: each is seen by the one side that it moves money of, and by nobody else.
    async fn transfers(&mut self, party: &Party, lead_id: i64) {
        let path = format!("/api/transfer/?lead_id={lead_id}");
        let rows = self.send(Operator, "GET", &path, "").await.json();
        for row in rows["objects"].as_array().expect("transfers") {
            let owners = [&row["debit_owner_id"], &row["credit_owner_id"]];
            let sides = [party.webmaster, party.advertiser].into_iter();
            let mut seen_by: Vec<Actor> = sides
                .filter(|side| owners.iter().any(|owner| owner.as_i64() == Some(self.users[side])))
                .collect();
            assert_eq!(seen_by.len(), 1, "{row}");
            seen_by.push(Operator);
            self.add(Resource::Transfer, row["id"].as_i64().expect("an id"), &seen_by, "");
        }
    }

    /// A report that names no visit, of an offer that both sides work with.
    pub async fn orphan(&mut self, party: &Party) {
        let sent = Conversion {
            advertiser_id: self.users[&party.advertiser],
            offer_id: party.public_offer,
            tid: "{tid}".to_owned(),
            ..Conversion::default()
        };
        match self.app.state.engine.lead_receive(sent).await.expect("a verdict") {
            Verdict::Parked { id, .. } => {
                self.add(Resource::Orphan, id, &[party.webmaster, party.advertiser, Operator], "");
            }
            other => panic!("not parked: {other:?}"),
        }
    }

    /// A rule of the advertiser, and what it finds: the lead came at once.
    pub async fn quality(&mut self, party: &Party) {
        let (word, offer) = (self.word(), party.public_offer);
        let form = format!(
            "offer_id={offer}&name={word}&kind=1&source=1&action=1&limit_percent=50&seconds=86400&min_leads=1"
        );
        let rule = self.make(party.advertiser, Resource::Rule, &form).await;
        // Whoever sees the offer sees by what his visitors would be judged.
        let readers = [WebmasterA, WebmasterB, party.advertiser, Operator];
        self.add(Resource::Rule, rule, &readers, &word);
        // Of an offer that they do not see they see no rules.
        let (hidden, draft) = (self.word(), party.draft_offer);
        let form =
            form.replace(&word, &hidden).replace(&format!("offer_id={offer}"), &format!("offer_id={draft}"));
        let unseen = self.make(party.advertiser, Resource::Rule, &form).await;
        self.add(Resource::Rule, unseen, &[party.advertiser, Operator], &hidden);
        assert_eq!(self.app.state.engine.quality_check().await.expect("look"), 1);
        let found = self.send(Operator, "GET", &format!("/api/finding/?rule_id={rule}"), "").await.json();
        let id = found["objects"][0]["id"].as_i64().expect("a finding");
        self.add(Resource::Finding, id, &[party.webmaster, party.advertiser, Operator], "");
    }

    /// Waits until a click is in the store.
    async fn drained(&self, tid: &str) {
        for _ in 0..500 {
            let listed = self.send(Operator, "GET", &format!("/api/click/?tid={tid}"), "").await;
            if listed.json()["total_count"] == 1 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("the click {tid} was not stored");
    }
}
