//! A visit that another node has not stored yet.

use whocpa_domain::click::Click;
use whocpa_domain::tid::TidKeys;
use whocpa_store::{click, secret};

use crate::network::Network;

/// The visit, and its tid.
pub struct Late {
    pub tid: String,
    pub row: Click,
}

impl Network {
    /// A visit of the link which only another node knows.
    pub async fn late(&self) -> Late {
        let (known, store) = (self.visit("").await, &self.app.db.store);
        let keys = secret::list(&store.read(), "tid_key").await.expect("keys");
        let byte = |at: usize| u8::from_str_radix(&keys[0][at * 2..at * 2 + 2], 16).expect("hex");
        let key: Vec<u8> = (0..16).map(byte).collect();
        let keys = TidKeys::new(vec![key.try_into().expect("16 bytes")]);
        let id = keys.read(&known).expect("our tid");
        let mut row = loop {
            match click::find(&store.clicks(), &[id]).await.expect("clicks").remove(&id) {
                Some(row) => break row,
                None => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
            }
        };
        row.id = id + 1;
        Late { tid: keys.write(id + 1), row }
    }

    /// The other node stores it.
    pub async fn arrive(&self, late: Late) {
        let rows = &[late.row];
        let stored = self.app.db.store.write_clicks(move |db| async move {
            click::create(&db, "00000000000000ff", click::ClickMark::default(), rows).await
        });
        stored.await.expect("the other node's drainer");
        self.app.clock.advance(120);
    }

    /// What was parked is tried again; gives how many were settled.
    pub async fn sweep(&self) -> usize {
        self.app.state.engine.lead_match_parked().await.expect("a sweep")
    }
}
