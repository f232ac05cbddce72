//! Sending again: one delivery, or all that a filter finds, to the same receiver or to another one.

use whocpa_domain::postback::DeliveryStatus;
use whocpa_domain::{Error, Method, Resource, Result, Scope};
use whocpa_store::delivery::{self, Delivery, DeliveryFilter};
use whocpa_store::postback;

use super::{DeliveryCreate, DeliveryCreated, DeliveryUpdate};
use crate::audit::Changes;
use crate::{Caller, Engine};

/// Deliveries that are sent again by one request.
const LIMIT: u64 = 5000;

impl Engine {
    /// Sends a delivery again.
    pub async fn delivery_update(&self, caller: Caller, id: i64, input: DeliveryUpdate) -> Result<()> {
        let scope = caller.may(Resource::Delivery, Method::Update)?;
        if !input.replay {
            return Err(Error::field("replay", "Must be 1"));
        }
        let now = self.now();
        self.store()
            .write(move |db| async move {
                let before = delivery::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                if before.is_test {
                    return Err(Error::field("replay", "A rehearsal is not sent again: rehearse anew"));
                }
                if postback::view(&db, scope, before.postback_id).await?.is_none() {
                    return Err(Error::field("replay", "Its postback was removed"));
                }
                let after = again(before.clone(), now.0);
                let changes = Changes::updated(&before, &after);
                postback::release(&db, before.postback_id).await?;
                delivery::update(&db, after).await?;
                self.note(&db, caller, Resource::Delivery, id, changes).await
            })
            .await
    }

    /// Sends a stretch again.
    pub(super) async fn delivery_replay(
        &self,
        caller: Caller,
        scope: Scope,
        input: DeliveryCreate,
    ) -> Result<DeliveryCreated> {
        let is_dry_run = input.is_dry_run == Some(true);
        let (from_id, to_id) = (input.postback_id, input.to_postback_id.unwrap_or(input.postback_id));
        let filter = &DeliveryFilter {
            postback_ids: Some(vec![from_id]),
            lead_ids: input.lead_id,
            status: input.status,
            is_test: Some(false),
            from: input.d_created_from,
            until: input.d_created_to.map(|until| until.0),
            ..DeliveryFilter::default()
        };
        let now = self.now();
        self.store()
            .write(move |db| async move {
                for (field, id) in [("postback_id", from_id), ("to_postback_id", to_id)] {
                    if postback::view(&db, scope, id).await?.is_none() {
                        return Err(Error::field(field, "Postbacks not found"));
                    }
                }
                let found = delivery::found(&db, scope, filter, 0, LIMIT + 1).await?;
                if found.len() as u64 > LIMIT {
                    return Err(Error::field(
                        "d_created_from",
                        format!("More than {LIMIT} deliveries: ask for a shorter stretch"),
                    ));
                }
                let count = i64::try_from(found.len()).unwrap_or(i64::MAX);
                let told = DeliveryCreated { id: 0, count, url: String::new(), empty: Vec::new() };
                if !is_dry_run {
                    postback::release(&db, to_id).await?;
                    if to_id == from_id {
                        let ids: Vec<i64> = found.iter().map(|row| row.id).collect();
                        delivery::set_again(&db, &ids, now).await?;
                    } else {
                        let rows: Vec<Delivery> =
                            found.iter().map(|row| elsewhere(row, to_id, now.0)).collect();
                        delivery::create_many(&db, &rows).await?;
                    }
                }
                let changes = Changes::created(&serde_json::json!({
                    "postback_id": from_id, "to_postback_id": to_id, "count": count, "is_dry_run": is_dry_run,
                }));
                self.note_object(&db, caller, Resource::Delivery, (0, &told), changes).await?;
                Ok(told)
            })
            .await
    }
}

/// A delivery that begins anew.
fn again(row: Delivery, now: i64) -> Delivery {
    Delivery {
        status: DeliveryStatus::Waiting.code(),
        try_count: 0,
        date_next: now,
        date_delivered: None,
        ..row
    }
}

/// The same event for another receiver.
fn elsewhere(row: &Delivery, postback_id: i64, now: i64) -> Delivery {
    let fresh =
        Delivery { postback_id, attempt_count: 0, http_status: None, empty: String::new(), ..row.clone() };
    again(fresh, now)
}
