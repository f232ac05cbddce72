//! What a postback is made of, and what is refused.

use whocpa_domain::input::limits::{self, Form, Limits};
use whocpa_domain::postback::{
    PostbackEvent, PostbackFormat, PostbackKind, PostbackStatus, PostbackTemplate, PostbackUrl, convert,
};
use whocpa_domain::sort::{NamedSort, Sort};
use whocpa_domain::{FieldErrors, Level, Page, PerPage, Result, Scope, params};
use whocpa_store::{area, goal, link, offer};

use crate::delivery::secret_bytes;
use crate::{Caller, Engine};

/// An address with macros, in our brackets or another network's.
const URL: Limits = Limits::Form(&Form {
    format: "web-address-template",
    pattern: r"^https?://[^\s\u0000-\u001f\u007f-\u009f/?#{@\\]+([/?#][^\u0000-\u001f\u007f-\u009f]*)?$",
    longest: 2000,
    wrong: |text| {
        if text.is_empty() {
            return Some("Must not be empty".to_owned());
        }
        PostbackUrl::parse(&convert(text)).err()
    },
});
/// A host, with a port where it needs one.
const HOST: Limits = Limits::Form(&Form {
    format: "",
    pattern: r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+(:[0-9]{1,5})?$",
    longest: 253,
    wrong: |text| {
        let is_host = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':'));
        (!is_host || text.is_empty()).then(|| "Must be a domain such as tracker.example.com".to_owned())
    },
});
/// A key as it stands in a tracker's address.
const KEY: Limits = Limits::Form(&Form {
    format: "",
    pattern: r"^[A-Za-z0-9._~-]*$",
    longest: 200,
    wrong: |text| {
        let is_key = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '~'));
        (!is_key).then(|| "Must be letters, digits, dots, dashes and low lines".to_owned())
    },
});
/// A secret for signatures.
const SECRET: Limits = Limits::Form(&Form {
    format: "",
    pattern: r"^whsec_([A-Za-z0-9+/]{4}){8,21}([A-Za-z0-9+/]{3}=)?$",
    longest: 100,
    wrong: |text| {
        let words = "Must be whsec_ and 24 to 64 bytes in base64";
        secret_bytes(text).is_none().then(|| words.to_owned())
    },
});
/// A body.
const BODY: Limits = Limits::Plain(0, 10_000);
/// A way in JSON.
const WAY: Limits = Limits::Form(&Form {
    format: "",
    pattern: r"^[A-Za-z0-9_.-]*$",
    longest: 100,
    wrong: |text| {
        let is_way = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
        (!is_way).then(|| "Must be a way such as order.id".to_owned())
    },
});
/// An address with macros, or none.
const POLL_URL: Limits = Limits::Form(&Form {
    format: "web-address-template",
    pattern: r"^(https?://[^\s\u0000-\u001f\u007f-\u009f/?#{@\\]+([/?#][^\u0000-\u001f\u007f-\u009f]*)?)?$",
    longest: 2000,
    wrong: |text| if text.is_empty() { None } else { PostbackUrl::parse(&convert(text)).err() },
});
/// Objects that one list may name.
const NAMED: usize = 100;

params! {
    /// Which postbacks are wanted.
    pub struct PostbackList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only in these states.
        status: Option<Vec<PostbackStatus>>,
        /// Only those that tell of this offer.
        offer_id: Option<i64>,
        /// Only of these people; for operators.
        user_id: Option<Vec<i64>>,
        /// Only whose name contains this.
        search: Option<String> where limits::LINE,
        /// Order of the list, a minus in front for the other direction; `id` unless told.
        sort: Option<Sort<NamedSort>>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

params! {
    /// A new postback.
    pub struct PostbackCreate {
        /// How the receiver is called.
        kind: PostbackKind,
        /// Its address; not needed with a tracker's `template`. It may hold macros such as `{subid1}`, `{status}`, `{payout}`,
        /// `{currency}`, `{lead_id}`, `{tid}`; brackets of other networks are turned into these, an unknown macro is refused.
        url: Option<String> where URL,
        /// A tracker whose address is known; an address of your own unless told.
        template: Option<PostbackTemplate>,
        /// With a tracker: its domain.
        tracker_domain: Option<String> where HOST,
        /// With a tracker: the key of its postbacks (Keitaro, AlterCPA).
        tracker_key: Option<String> where KEY,
        /// With kind 3: how the body is written; JSON unless told.
        format: Option<PostbackFormat>,
        /// With kind 3: the body with macros; an advertiser's may hold `{name}` and `{phone}` of the buyer.
        body: Option<String> where BODY,
        /// Headers of every message, one a line: `Authorization: Bearer …`.
        headers: Option<String> where limits::TEXT,
        /// Kind 3, advertisers: where in the JSON answer your own id of the lead stands: `order.id`, `orders.0.id`.
        answer_id: Option<String> where WAY,
        /// Kind 3, advertisers: where in the answer your status of the lead stands.
        answer_status: Option<String> where WAY,
        /// Kind 3, advertisers: your words for decisions, `approved=paid,ok;rejected=cancel;spam=trash`. What your system answers is
        /// decided in your name.
        answer_words: Option<String> where limits::TEXT,
        /// Kind 3, advertisers: where your system is asked for a lead it has taken, with macros and `{crm_id}`; its answer is read
        /// like the first one.
        poll_url: Option<String> where POLL_URL,
        /// Minutes between two such questions, until the lead is closed.
        poll_minutes: Option<i64> where Limits::Range(0, 1440),
        /// What you call it.
        name: Option<String> where limits::LINE,
        /// What is told; everything about leads unless told, approved leads only for Voluum. What is not about leads (20 to 23)
        /// needs kind 2.
        events: Option<Vec<PostbackEvent>>,
        /// Only of these offers; of all unless told.
        offer_id: Option<Vec<i64>>,
        /// Only of these goals; of all unless told.
        goal_id: Option<Vec<i64>>,
        /// Only from these areas; from all unless told. For webmasters.
        area_id: Option<Vec<i64>>,
        /// Only through these links; through all unless told. For webmasters.
        link_id: Option<Vec<i64>>,
        /// Whether `{payout}` is `0` for a lead that pays nothing; it is empty unless told.
        is_zero_sent: Option<bool>,
        /// A secret of your own for signatures, `whsec_` and 24 to 64 bytes in base64; one is made unless told.
        secret: Option<String> where SECRET,
    }
}

params! {
    /// Changes of a postback.
    pub struct PostbackUpdate {
        /// Its address.
        url: Option<String> where URL,
        /// Kind 3: how the body is written.
        format: Option<PostbackFormat>,
        /// Kind 3: the body with macros.
        body: Option<String> where BODY,
        /// Headers of every message, one a line; empty for none.
        headers: Option<String> where limits::TEXT,
        /// Kind 3, advertisers: where in the JSON answer your own id of the lead stands: `order.id`, `orders.0.id`.
        answer_id: Option<String> where WAY,
        /// Kind 3, advertisers: where in the answer your status of the lead stands.
        answer_status: Option<String> where WAY,
        /// Kind 3, advertisers: your words for decisions, `approved=paid,ok;rejected=cancel;spam=trash`. What your system answers is
        /// decided in your name.
        answer_words: Option<String> where limits::TEXT,
        /// Kind 3, advertisers: where your system is asked for a lead it has taken, with macros and `{crm_id}`; its answer is read
        /// like the first one.
        poll_url: Option<String> where POLL_URL,
        /// Minutes between two such questions, until the lead is closed.
        poll_minutes: Option<i64> where Limits::Range(0, 1440),
        /// What you call it.
        name: Option<String> where limits::LINE,
        /// What is told.
        events: Option<Vec<PostbackEvent>>,
        /// Only of these offers; empty for all.
        offer_id: Option<Vec<i64>>,
        /// Only of these goals; empty for all.
        goal_id: Option<Vec<i64>>,
        /// Only from these areas; empty for all.
        area_id: Option<Vec<i64>>,
        /// Only through these links; empty for all.
        link_id: Option<Vec<i64>>,
        /// Whether `{payout}` is `0` for a lead that pays nothing.
        is_zero_sent: Option<bool>,
        /// 1 active or 2 paused. What waited is sent after a pause, from where it stopped.
        status: Option<PostbackStatus>,
        /// A new secret for signatures, `whsec_` and 24 to 64 bytes in base64.
        secret: Option<String> where SECRET,
        /// Hours for which the replaced secret signs beside the new one; 72 unless told.
        secret_overlap_hours: Option<i64> where Limits::Range(0, 720),
    }
}

/// The objects that a postback is about.
pub(super) struct Lists<'a> {
    offer: Option<&'a Vec<i64>>,
    goal: Option<&'a Vec<i64>>,
    area: Option<&'a Vec<i64>>,
    link: Option<&'a Vec<i64>>,
}

impl PostbackCreate {
    pub(super) fn lists(&self) -> Lists<'_> {
        Lists {
            offer: self.offer_id.as_ref(),
            goal: self.goal_id.as_ref(),
            area: self.area_id.as_ref(),
            link: self.link_id.as_ref(),
        }
    }
}

impl PostbackUpdate {
    pub(super) fn lists(&self) -> Lists<'_> {
        Lists {
            offer: self.offer_id.as_ref(),
            goal: self.goal_id.as_ref(),
            area: self.area_id.as_ref(),
            link: self.link_id.as_ref(),
        }
    }
}

/// Refuses objects that the caller cannot see.
pub(super) async fn check_lists(
    engine: &Engine,
    scope: Scope,
    caller: Caller,
    lists: &Lists<'_>,
) -> Result<()> {
    let mut errors = FieldErrors::default();
    let db = engine.store().read();
    for (field, ids) in
        [("offer_id", lists.offer), ("goal_id", lists.goal), ("area_id", lists.area), ("link_id", lists.link)]
    {
        let Some(ids) = ids else { continue };
        if ids.len() > NAMED {
            errors.add(field, format!("At most {NAMED} values"));
            continue;
        }
        if matches!(field, "area_id" | "link_id") && caller.level == Level::Advertiser && !ids.is_empty() {
            errors.add(field, "Only webmasters may use this");
            continue;
        }
        for id in ids {
            let is_there = match field {
                "offer_id" => offer::view(&db, scope, *id).await?.is_some(),
                "goal_id" => goal::view(&db, scope, *id).await?.is_some(),
                "area_id" => area::view(&db, scope, *id).await?.is_some(),
                _ => link::view_any(&db, scope, *id).await?.is_some(),
            };
            if !is_there {
                let what = match field {
                    "offer_id" => "Offers not found",
                    "goal_id" => "Goals not found",
                    "area_id" => "Areas not found",
                    _ => "Links not found",
                };
                errors.add(field, what);
                break;
            }
        }
    }
    errors.finish()
}
