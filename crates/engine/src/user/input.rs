//! What operators send about accounts.

use whocpa_domain::input::{Patch, Until, limits};
use whocpa_domain::offer::TrafficKind;
use whocpa_domain::role::Role;
use whocpa_domain::sort::{Sort, UserSort};
use whocpa_domain::user::{Language, TimeZone, Trust, UserLevel, UserStatus};
use whocpa_domain::{Page, PerPage, Time, params};

use super::card::{EMAIL, PHONE, RANK, TELEGRAM};
use super::{Card, LOGIN};
use crate::check;
use crate::password::PASSWORD;
use crate::referral::PERCENT;

params! {
    /// Which people are wanted.
    pub struct UserList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only these kinds of account.
        level: Option<Vec<UserLevel>>,
        /// Only accounts in these states.
        status: Option<Vec<UserStatus>>,
        /// Only operators with these roles.
        role: Option<Vec<Role>>,
        /// Only people whom these operators look after; 0 for those whom nobody does.
        manager_id: Option<Vec<i64>>,
        /// Only people whom the network trusts so far.
        trust: Option<Vec<Trust>>,
        /// Only people who work with one of these categories.
        categories: Option<Vec<i64>>,
        /// Only people who work with one of these kinds of traffic.
        traffic_kinds: Option<Vec<TrafficKind>>,
        /// Only people whose login, name or contacts contain this, in any case of letters, or whose user id or
        /// affiliate id it is.
        search: Option<String> where limits::LINE,
        /// Only accounts made at this time or later.
        d_created_from: Option<Time>,
        /// Only accounts made until this time; a date takes its whole day in.
        d_created_to: Option<Until>,
        /// Order of the list, a minus in front for the other direction; `id` unless told.
        sort: Option<Sort<UserSort>>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

params! {
    /// A new account.
    pub struct UserCreate {
        /// Kind of account; it cannot be changed later. Only an owner adds operators.
        level: UserLevel,
        /// What the person signs in with: 3 to 100 characters without spaces, kept in lower case, unique.
        login: String where LOGIN,
        /// What others call him.
        name: String where limits::NAME,
        /// Password, at least 8 characters.
        password: String where PASSWORD,
        /// What an operator is there for; required for an operator, refused for others.
        role: Option<Role>,
        /// The operator who looks after this person; for owners. Those whom a manager adds are his own.
        manager_id: Option<i64>,
        /// The webmaster who brought this person, another webmaster; it stays. He earns a share of the payouts, out of
        /// the network's part.
        referrer_id: Option<i64>,
        /// That share, in percent with up to four decimals; the network's usual one unless told. Needs a key with all
        /// rights.
        referral_percent: Option<String> where PERCENT,
        /// Until when it is paid; the network's usual time unless told. Needs a key with all rights.
        referral_date_end: Option<Time>,
        /// E-mail address.
        email: Option<String> where EMAIL,
        /// Name in Telegram.
        telegram: Option<String> where TELEGRAM,
        /// Telephone.
        phone: Option<String> where PHONE,
        /// The person's own site.
        site: Option<String> where check::URL,
        /// Language: `en`, `ru` or `uk`; `en` unless told.
        language: Option<Language>,
        /// IANA time zone, for example `Europe/Kyiv`; `UTC` unless told.
        time_zone: Option<TimeZone>,
        /// Level in the network's own programme, 0 to 1000; 0 unless told.
        rank: Option<i64> where RANK,
        /// How far the network trusts the person; "new" unless told.
        trust: Option<Trust>,
        /// Kinds of traffic that he works with.
        traffic_kinds: Option<Vec<TrafficKind>>,
        /// Categories that he works with.
        categories: Option<Vec<i64>>,
        /// Note that only operators see.
        comment: Option<String> where limits::TEXT,
    }
}

params! {
    /// Changes of an account.
    pub struct UserUpdate {
        /// What the person signs in with: 3 to 100 characters without spaces, kept in lower case, unique.
        login: Option<String> where LOGIN,
        /// What others call him.
        name: Option<String> where limits::NAME,
        /// Whether the account works. A blocked one cannot sign in, its keys open nothing and its links lead nowhere.
        status: Option<UserStatus>,
        /// What an operator is there for. One owner that works always stays.
        role: Option<Role>,
        /// The operator who looks after this person, empty for nobody; for owners.
        manager_id: Patch<i64>,
        /// For one who was brought: the referrer's share of his payouts, in percent with up to four decimals. It counts
        /// for actions from now on. Needs a key with all rights.
        referral_percent: Option<String> where PERCENT,
        /// For one who was brought: until when the share is paid, empty for without end. Needs a key with all rights.
        referral_date_end: Patch<Time>,
        /// E-mail address.
        email: Option<String> where EMAIL,
        /// Name in Telegram.
        telegram: Option<String> where TELEGRAM,
        /// Telephone.
        phone: Option<String> where PHONE,
        /// The person's own site.
        site: Option<String> where check::URL,
        /// Language: `en`, `ru` or `uk`.
        language: Option<Language>,
        /// IANA time zone, for example `Europe/Kyiv`.
        time_zone: Option<TimeZone>,
        /// Level in the network's own programme, 0 to 1000.
        rank: Option<i64> where RANK,
        /// How far the network trusts the person.
        trust: Option<Trust>,
        /// Kinds of traffic that he works with; empty for none.
        traffic_kinds: Option<Vec<TrafficKind>>,
        /// Categories that he works with; empty for none.
        categories: Option<Vec<i64>>,
        /// Note that only operators see.
        comment: Option<String> where limits::TEXT,
        /// New password, at least 8 characters.
        password: Option<String> where PASSWORD,
    }
}

impl UserCreate {
    /// An account with nothing on its card; an operator is an owner.
    pub fn new(level: UserLevel, login: &str, name: &str, password: &str) -> Self {
        Self {
            level,
            login: login.to_owned(),
            name: name.to_owned(),
            password: password.to_owned(),
            role: (level == UserLevel::Operator).then_some(Role::Owner),
            manager_id: None,
            referrer_id: None,
            referral_percent: None,
            referral_date_end: None,
            email: None,
            telegram: None,
            phone: None,
            site: None,
            language: None,
            time_zone: None,
            rank: None,
            trust: None,
            traffic_kinds: None,
            categories: None,
            comment: None,
        }
    }

    pub(super) fn card(&self) -> Card {
        Card {
            name: None,
            email: self.email.clone(),
            telegram: self.telegram.clone(),
            phone: self.phone.clone(),
            site: self.site.clone(),
            language: self.language,
            time_zone: self.time_zone.clone(),
            notify: None,
            comment: self.comment.clone(),
            rank: self.rank,
            trust: self.trust,
            traffic_kinds: self.traffic_kinds.clone(),
        }
    }
}

impl UserUpdate {
    pub(super) fn card(&self) -> Card {
        Card {
            name: self.name.clone(),
            email: self.email.clone(),
            telegram: self.telegram.clone(),
            phone: self.phone.clone(),
            site: self.site.clone(),
            language: self.language,
            time_zone: self.time_zone.clone(),
            notify: None,
            comment: self.comment.clone(),
            rank: self.rank,
            trust: self.trust,
            traffic_kinds: self.traffic_kinds.clone(),
        }
    }

    /// Whether an owner could be none any more after this.
    pub(super) fn could_unseat(&self) -> bool {
        self.status == Some(UserStatus::Blocked) || self.role.is_some_and(|role| role != Role::Owner)
    }
}
