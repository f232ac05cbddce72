//! The spellings of postbacks that are understood; `docs/postbacks.md` shows them to people.

use whocpa_domain::lead::LeadStatus::{Approved, Pending, Rejected, Spam};
use whocpa_domain::way::{Intent, LeadWay};

use super::shape::Slot::{
    Address, Amount, Comment, Currency, Email, Goal, GoalId, Name, Offer, Phone, Reason, SaleId, Status, Tid,
    Token,
};
use super::shape::{Form, Shape};

/// All of them.
pub const SHAPES: &[&Shape] =
    &[&OURS, &TUNE, &EVERFLOW, &AFFISE, &CPA_NETWORK, &SCALEO, &TRACKIER, &OFFER18, &ALTERCPA];

/// Our own, with the names that other systems use.
const OURS: Shape = Shape {
    way: LeadWay::Postback,
    paths: &[("/pb", Intent::Any)],
    marks: &[],
    names: &[
        (Token, &["token", "security_token", "secure", "verification_token"]),
        (Tid, &["tid", "clickid", "click_id", "transaction_id", "cid", "click"]),
        (Offer, &["offer_id"]),
        (GoalId, &["goal_id"]),
        (Goal, &["goal", "goal_alias", "goal_value", "event_id", "event"]),
        (SaleId, &["sale_id", "order_id", "txid", "txn_id", "action_id", "orderid", "exto", "adv_sub"]),
        (Amount, &["amount", "sum", "sale_amount", "payout", "revenue", "price", "sale"]),
        (Currency, &["currency"]),
        (Status, &["status", "conv_status"]),
        (Reason, &["reason"]),
        (Comment, &["comment"]),
        (Phone, &["phone"]),
        (Name, &["name"]),
        (Email, &["email"]),
        (Address, &["address"]),
    ],
    status: &[
        ("pending", Pending),
        ("approved", Approved),
        ("rejected", Rejected),
        ("spam", Spam),
        ("0", Pending),
        ("1", Approved),
        ("2", Rejected),
        ("3", Spam),
    ],
    lists: &[
        ("pending_status", Pending),
        ("approved_status", Approved),
        ("rejected_status", Rejected),
        ("spam_status", Spam),
    ],
    auto: None,
    has_comma: false,
    form: Form::Json,
};

/// Of a browser: no token and no decision, as anybody can read the page.
pub const PIXEL: Shape = Shape {
    way: LeadWay::Pixel,
    paths: &[],
    marks: &[],
    names: &[
        (Tid, &["tid", "clickid", "click_id", "transaction_id", "cid", "click"]),
        (SaleId, &["sale_id", "order_id", "txid", "txn_id", "action_id", "orderid", "adv_sub"]),
        (Amount, &["amount", "sum", "sale_amount", "revenue", "price", "sale"]),
        (Currency, &["currency"]),
    ],
    status: &[],
    lists: &[],
    auto: None,
    has_comma: false,
    form: Form::Json,
};

/// The same of the page's script.
pub const SCRIPT: Shape = Shape { way: LeadWay::Script, ..PIXEL };

const TUNE: Shape = Shape {
    way: LeadWay::Tune,
    paths: &[("/aff_lsr", Intent::Any), ("/aff_goal", Intent::Any)],
    marks: &[],
    names: &[
        (Token, &["security_token", "token"]),
        (Tid, &["transaction_id"]),
        (Offer, &["offer_id"]),
        (Goal, &["goal_id", "goal_name"]),
        (SaleId, &["adv_sub"]),
        (Amount, &["amount"]),
        (Currency, &["currency"]),
        (Status, &["status"]),
        (Comment, &["comment"]),
    ],
    status: &[("approved", Approved), ("pending", Pending), ("rejected", Rejected)],
    lists: &[],
    auto: None,
    has_comma: false,
    form: Form::Tune,
};

/// Its address has no path; `nid` is the network's number there.
const EVERFLOW: Shape = Shape {
    way: LeadWay::Everflow,
    paths: &[("/", Intent::Any)],
    marks: &["nid"],
    names: &[
        (Token, &["verification_token", "token", "nid"]),
        (Tid, &["transaction_id"]),
        (Offer, &["oid", "offer_id"]),
        (Goal, &["event_id", "adv_event_id"]),
        (SaleId, &["order_id"]),
        (Amount, &["amount"]),
        (Currency, &["currency"]),
        (Status, &["status"]),
        (Comment, &["note"]),
    ],
    status: &[("approved", Approved), ("pending", Pending), ("rejected", Rejected)],
    lists: &[],
    auto: None,
    has_comma: true,
    form: Form::Json,
};

const AFFISE: Shape = Shape {
    way: LeadWay::Affise,
    paths: &[("/postback", Intent::Any)],
    marks: &["clickid", "secure", "action_id"],
    names: &[
        (Token, &["secure", "token"]),
        (Tid, &["clickid", "click_id"]),
        (Offer, &["offer_id"]),
        (Goal, &["goal"]),
        (SaleId, &["action_id"]),
        (Amount, &["sum"]),
        (Currency, &["currency"]),
        (Status, &["status"]),
        (Comment, &["comment"]),
    ],
    // 4: the advertiser does not know of it; 5: on hold, decided later.
    status: &[("1", Approved), ("2", Pending), ("3", Rejected), ("4", Rejected), ("5", Pending)],
    lists: &[],
    auto: None,
    has_comma: false,
    form: Form::Affise,
};

const CPA_NETWORK: Shape = Shape {
    way: LeadWay::CpaNetwork,
    paths: &[("/postback", Intent::Any)],
    marks: &[],
    names: &[
        (Token, &["token"]),
        (Tid, &["click_id"]),
        (Offer, &["offer_id"]),
        (Goal, &["goal"]),
        (SaleId, &["sale_id", "order_id"]),
        (Amount, &["sum"]),
        (Currency, &["currency"]),
        (Status, &["status"]),
        (Comment, &["comment"]),
    ],
    status: &[("approved", Approved), ("pending", Pending), ("hold", Pending), ("rejected", Rejected)],
    lists: &[],
    auto: None,
    has_comma: false,
    form: Form::Text,
};

const SCALEO: Shape = Shape {
    way: LeadWay::Scaleo,
    paths: &[
        ("/track/conv", Intent::Add),
        ("/track/conv-change", Intent::Change),
        ("/track/conv-addchange", Intent::Any),
    ],
    marks: &[],
    names: &[
        (Token, &["token"]),
        (Tid, &["click_id"]),
        (Offer, &["offer_id"]),
        (Goal, &["goal_id", "goal_alias"]),
        (SaleId, &["adv_order_id", "adv_track_id"]),
        (Amount, &["amount"]),
        (Currency, &["currency"]),
        (Status, &["conv_status"]),
        (Comment, &["comment"]),
    ],
    status: &[
        ("approved", Approved),
        ("pending", Pending),
        ("hold", Pending),
        ("rejected", Rejected),
        ("trash", Spam),
    ],
    lists: &[
        ("approved_status", Approved),
        ("pending_status", Pending),
        ("rejected_status", Rejected),
        ("trash_status", Spam),
    ],
    auto: None,
    has_comma: false,
    form: Form::Scaleo,
};

const TRACKIER: Shape = Shape {
    way: LeadWay::Trackier,
    paths: &[("/acquisition", Intent::Any)],
    marks: &[],
    names: &[
        (Token, &["security_token", "token"]),
        (Tid, &["click_id"]),
        (Offer, &["campaign_id", "offer_id"]),
        (Goal, &["goal_value", "goal_id"]),
        (SaleId, &["txn_id"]),
        (Amount, &["sale_amount", "revenue", "rate"]),
        (Currency, &["currency"]),
        (Status, &["status"]),
        (Comment, &["comment"]),
    ],
    status: &[
        ("approved", Approved),
        ("pending", Pending),
        ("rejected", Rejected),
        ("cancelled", Rejected),
        ("declined", Rejected),
    ],
    lists: &[],
    auto: None,
    has_comma: false,
    form: Form::Json,
};

const OFFER18: Shape = Shape {
    way: LeadWay::Offer18,
    paths: &[("/p", Intent::Any)],
    marks: &[],
    names: &[
        (Token, &["token", "auth", "mid"]),
        (Tid, &["tid"]),
        (Offer, &["offer_id"]),
        (Goal, &["event"]),
        (SaleId, &["adv_sub1"]),
        (Amount, &["sale", "payout"]),
        (Currency, &["currency"]),
        (Status, &["status"]),
        (Comment, &["comment"]),
    ],
    status: &[("approved", Approved), ("pending", Pending), ("rejected", Rejected)],
    lists: &[],
    auto: None,
    has_comma: false,
    form: Form::Json,
};

const ALTERCPA: Shape = Shape {
    way: LeadWay::AlterCpa,
    paths: &[("/api/site/click.json", Intent::Any), ("/api/site/status.json", Intent::Change)],
    marks: &[],
    names: &[
        (Token, &["token"]),
        (Tid, &["click"]),
        (Offer, &["offer"]),
        (Goal, &["goal"]),
        (SaleId, &["exto"]),
        (Amount, &["price"]),
        (Currency, &["currency"]),
        (Status, &["status"]),
        (Comment, &["comment"]),
    ],
    status: &[
        ("new", Pending),
        ("wait", Pending),
        ("hold", Pending),
        ("approve", Approved),
        ("cancel", Rejected),
        ("trash", Spam),
    ],
    lists: &[],
    auto: Some("auto"),
    has_comma: false,
    form: Form::AlterCpa,
};
