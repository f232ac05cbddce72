//! Postbacks of each side, and what they are to tell.

use whocpa_domain::Resource;

use crate::network::Actor::{self, Operator};
use crate::network::{Network, Party};

impl Network {
    /// A good postback.
    pub fn postback_form(word: &str) -> String {
        format!("kind=1&url=https://tracker.example/p%3Fid%3D%7Btid%7D%26key%3Dabc&name={word}")
    }

    /// A lead, and an address of each side that is told of it.
    pub async fn told_lead(&mut self, party: &Party, goal_id: i64) {
        self.postbacks(party).await;
        self.lead(party, goal_id).await;
        self.deliveries(party).await;
        let readers = [party.webmaster, party.advertiser];
        let found = self.send(party.webmaster, "GET", "/api/event/", "").await.json();
        let all = found["objects"].as_array().expect("events").iter();
        for event in all.filter(|event| !event["data"]["goal_id"].is_null()) {
            let id = event["id"].as_i64().expect("an id");
            self.add(Resource::Event, id, &readers, "");
        }
    }

    async fn postbacks(&mut self, party: &Party) {
        for owner in [party.webmaster, party.advertiser] {
            let word = self.word();
            let id = self.make(owner, Resource::Postback, &Self::postback_form(&word)).await;
            self.add(Resource::Postback, id, &[owner, Operator], &word);
        }
    }

    /// What waits for each side since its lead came.
    async fn deliveries(&mut self, party: &Party) {
        for owner in [party.webmaster, party.advertiser] {
            let found = self.send(owner, "GET", "/api/delivery/", "").await.json();
            let id = found["objects"][0]["id"].as_i64().expect("a delivery");
            self.add(Resource::Delivery, id, &[owner, Operator], "");
        }
    }

    /// What a dry run of a replay is sent as.
    pub async fn delivery_form(&self, actor: Actor) -> String {
        let found = self.send(actor, "GET", "/api/postback/", "").await.json();
        format!("postback_id={}&is_dry_run=1", found["objects"][0]["id"])
    }
}
