//! What the model knows: leads, payouts and deposits as plain rows, and what follows for every account.

use std::collections::BTreeMap;

use whocpa_domain::lead::LeadStatus;
use whocpa_domain::ledger::AccountKind as K;
use whocpa_engine::Caller;

/// Micro-units of a cent.
pub const CENT: i64 = 10_000;
/// Micro-units of a dollar.
pub const DOLLAR: i64 = 1_000_000;
/// Above this two operators must approve.
pub const TWO_EYES: i64 = 20 * DOLLAR;

/// Numbers that follow from the seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below `end`.
    pub fn below(&mut self, end: i64) -> i64 {
        i64::try_from(self.next() % u64::try_from(end).expect("above zero")).expect("small")
    }

    pub fn of<T: Clone>(&mut self, all: &[T]) -> T {
        let at = self.below(i64::try_from(all.len()).expect("few"));
        all[usize::try_from(at).expect("small")].clone()
    }
}

/// What the model knows of a lead.
#[derive(Debug, Clone)]
pub struct Lead {
    pub id: i64,
    pub advertiser: usize,
    pub webmaster: usize,
    pub status: LeadStatus,
    pub is_closed: bool,
    pub charge: i64,
    pub payout: i64,
    /// For webmaster 0, who brought webmaster 1.
    pub referral: i64,
    pub hold_end: i64,
    pub decisions: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Out {
    Requested,
    Approved,
    Sending,
    Paid,
    Back,
}

#[derive(Debug, Clone)]
pub struct Payout {
    pub id: i64,
    pub webmaster: usize,
    pub amount: i64,
    pub state: Out,
    pub approver: Option<usize>,
}

#[derive(Debug, Clone)]
pub struct Deposit {
    pub id: i64,
    pub advertiser: usize,
    pub amount: i64,
    /// Waiting, paid, or cancelled.
    pub state: i64,
}

pub type Book = BTreeMap<(K, i64), i64>;

pub struct Model {
    /// What became of leads that nothing happens to any more.
    pub base: Book,
    pub leads: Vec<Lead>,
    pub payouts: Vec<Payout>,
    pub deposits: Vec<Deposit>,
    pub webmasters: [Caller; 3],
    pub advertisers: [Caller; 2],
}

impl Model {
    /// Where the money of one lead is, by the words of the documentation.
    pub fn seat(&self, lead: &Lead, book: &mut Book) {
        let mut put = |kind: K, owner: i64, micros: i64| *book.entry((kind, owner)).or_default() += micros;
        let advertiser = self.advertisers[lead.advertiser].user_id;
        let webmaster = self.webmasters[lead.webmaster].user_id;
        match lead.status {
            LeadStatus::Pending => {
                put(K::AdvertiserAvailable, advertiser, -lead.charge);
                put(K::AdvertiserCommitted, advertiser, lead.charge);
            }
            LeadStatus::Approved => {
                let (earned, kept) = if lead.is_closed {
                    (K::WebmasterAvailable, K::HouseMargin)
                } else {
                    (K::WebmasterHold, K::HouseMarginHold)
                };
                put(K::AdvertiserAvailable, advertiser, -lead.charge);
                put(earned, webmaster, lead.payout);
                put(earned, self.webmasters[0].user_id, lead.referral);
                put(kept, 0, lead.charge - lead.payout - lead.referral);
            }
            LeadStatus::Rejected | LeadStatus::Spam | LeadStatus::Double => {}
        }
    }

    pub fn book(&self) -> Book {
        let mut book = self.base.clone();
        for lead in &self.leads {
            self.seat(lead, &mut book);
        }
        for payout in &self.payouts {
            let owner = self.webmasters[payout.webmaster].user_id;
            let mut put =
                |kind: K, owner: i64, micros: i64| *book.entry((kind, owner)).or_default() += micros;
            match payout.state {
                Out::Requested | Out::Approved | Out::Sending => {
                    put(K::WebmasterAvailable, owner, -payout.amount);
                    put(K::WebmasterReserved, owner, payout.amount);
                }
                Out::Paid => {
                    put(K::WebmasterAvailable, owner, -payout.amount);
                    put(K::External, 0, payout.amount);
                }
                Out::Back => {}
            }
        }
        for deposit in self.deposits.iter().filter(|deposit| deposit.state == 1) {
            *book.entry((K::External, 0)).or_default() -= deposit.amount;
            let owner = self.advertisers[deposit.advertiser].user_id;
            *book.entry((K::AdvertiserAvailable, owner)).or_default() += deposit.amount;
        }
        book.retain(|_, micros| *micros != 0);
        book
    }

    pub fn available(&self, webmaster: usize) -> i64 {
        let key = (K::WebmasterAvailable, self.webmasters[webmaster].user_id);
        self.book().get(&key).copied().unwrap_or(0)
    }

    /// Keeps the newest closed leads only; what older ones did stays in the base.
    pub fn retire(&mut self) {
        let old = self.leads.len().saturating_sub(80);
        let (gone, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.leads)
            .into_iter()
            .enumerate()
            .partition(|(at, lead)| *at < old && lead.is_closed);
        self.leads = kept.into_iter().map(|(_, lead)| lead).collect();
        let mut base = std::mem::take(&mut self.base);
        for (_, lead) in &gone {
            self.seat(lead, &mut base);
        }
        self.base = base;
    }
}
