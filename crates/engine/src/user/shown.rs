//! How a person is shown to operators.

use std::collections::BTreeMap;

use whocpa_domain::offer::TrafficKind;
use whocpa_domain::role::Role;
use whocpa_domain::user::{AffId, Trust, UserLevel, UserStatus, codes_from_text};
use whocpa_domain::{Time, view};
use whocpa_store::person::User;

use crate::balance::BalanceView;

view! {
    /// A person.
    pub struct UserView {
        /// User id.
        id: i64,
        /// Kind of account.
        level: UserLevel,
        /// What the person signs in with.
        login: String,
        /// What others call him.
        name: String,
        /// Whether the account works.
        status: UserStatus,
        /// What an operator is there for; absent for others.
        #[serde(skip_serializing_if = "Option::is_none")]
        role: Option<Role>,
        /// The operator who looks after this person, `null` for nobody.
        manager_id: Option<i64>,
        /// The account's affiliate id: ten digits, unique, by which landings name a webmaster when they send leads.
        aff_id: Option<AffId>,
        /// E-mail address, empty for none.
        email: String,
        /// Name in Telegram, without the `@`; empty for none.
        telegram: String,
        /// Telephone, empty for none.
        phone: String,
        /// The person's own site, empty for none.
        site: String,
        /// Language: `en`, `ru` or `uk`.
        language: String,
        /// IANA time zone, for example `Europe/Kyiv`.
        time_zone: String,
        /// Level in the network's own programme, from 0.
        rank: i64,
        /// How far the network trusts the person.
        trust: Trust,
        /// Kinds of traffic that he works with.
        traffic_kinds: Vec<TrafficKind>,
        /// Categories that he works with.
        categories: Vec<i64>,
        /// Note that only operators see.
        comment: String,
        /// When the account was made.
        date_created: Time,
        /// First letters of the profile key; in `view` only.
        #[serde(skip_serializing_if = "Option::is_none")]
        key_prefix: Option<String>,
        /// Token of an advertiser's postbacks to the network; in `view` only, absent for other levels and for those who
        /// may not change the account.
        #[serde(skip_serializing_if = "Option::is_none")]
        postback_token: Option<String>,
        /// Balances, one object per currency; in `view` only, absent for operators and for those who may not see money.
        #[serde(skip_serializing_if = "Option::is_none")]
        balances: Option<Vec<BalanceView>>,
    }
}

impl UserView {
    /// A row of a list; `view` adds what only it shows.
    pub(super) fn row(row: User, categories: &BTreeMap<i64, Vec<i64>>) -> Self {
        let role = (row.level() == UserLevel::Operator).then(|| row.caller().role);
        Self {
            id: row.id,
            level: row.level(),
            // A state that this version does not know gives no access, so it is shown as blocked.
            status: UserStatus::from_code(row.status).unwrap_or(UserStatus::Blocked),
            role,
            manager_id: row.manager_id,
            aff_id: AffId::of(row.id),
            rank: row.rank,
            trust: Trust::from_code(row.trust).unwrap_or(Trust::New),
            traffic_kinds: traffic_kinds(&row),
            categories: categories.get(&row.id).cloned().unwrap_or_default(),
            login: row.login,
            name: row.name,
            email: row.email,
            telegram: row.telegram,
            phone: row.phone,
            site: row.site,
            language: row.language,
            time_zone: row.time_zone,
            comment: row.comment,
            date_created: Time(row.date_created),
            key_prefix: None,
            postback_token: None,
            balances: None,
        }
    }
}

/// The kinds of traffic on a person's card.
pub(crate) fn traffic_kinds(row: &User) -> Vec<TrafficKind> {
    codes_from_text(&row.traffic_kinds).filter_map(TrafficKind::from_code).collect()
}
