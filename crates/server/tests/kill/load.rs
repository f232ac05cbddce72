//! Visitors and an advertiser's system: each worker asks over two connections and remembers every whole answer.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::Value;
use whocpa_domain::lead::LeadStatus;
use whocpa_engine::Rng;

use super::client::{Answer, Client};
use super::network::Network;

/// Requests of one worker between two kills: bounds the test on a fast machine.
const STEPS: usize = 60;

/// An action on the advertiser's side and what we were told about it.
#[derive(Debug)]
pub struct Sale {
    pub tid: String,
    /// Index into the network's offers.
    pub offer: usize,
    /// Its `sale_id`, empty for none.
    pub order_id: String,
    /// Leads that answers named: more than one is an error.
    pub leads: BTreeSet<i64>,
    /// The status in the last answer.
    pub told: Option<LeadStatus>,
    /// Statuses sent since then without an answer: they may be there or not.
    pub maybe: BTreeSet<i64>,
    /// An answer said that it is kept until its click is known.
    pub is_parked: bool,
}

/// One source of load, and its journal.
pub struct Worker {
    number: u64,
    network: Arc<Network>,
    rng: Rng,
    /// Acknowledged clicks: the tid, and the label that this click alone has.
    pub clicks: BTreeMap<String, String>,
    /// Clicks asked for, answered or not.
    pub visits: u64,
    /// tid and index of the offer, to choose from.
    tids: Vec<(String, usize)>,
    pub sales: Vec<Sale>,
    /// Verdicts received.
    pub verdicts: u64,
    /// Decisions refused because the lead was closed.
    pub refused: u64,
}

impl Worker {
    pub fn new(number: u64, network: &Arc<Network>) -> Self {
        Self {
            number,
            network: Arc::clone(network),
            rng: Rng::seeded(number + 1),
            clicks: BTreeMap::new(),
            visits: 0,
            tids: Vec::new(),
            sales: Vec::new(),
            verdicts: 0,
            refused: 0,
        }
    }

    /// Works until the server is gone, or has answered enough.
    pub async fn run(mut self, address: SocketAddr) -> Self {
        // Errors are what this test is about: the server dies in the middle of requests.
        if let Ok(mut clients) = connect(address).await {
            for _ in 0..STEPS {
                if self.step(&mut clients).await.is_err() {
                    break;
                }
            }
        }
        self
    }

    async fn step(&mut self, clients: &mut [Client; 2]) -> io::Result<()> {
        let chance = self.below(100);
        if chance < 50 || self.tids.is_empty() {
            return self.click(&mut clients[0]).await;
        }
        if chance < 75 || self.sales.is_empty() {
            let sale = self.new_sale();
            self.sales.push(sale);
            let at = self.sales.len() - 1;
            return self.report(clients, at, LeadStatus::Pending).await;
        }
        let at = self.below(self.sales.len());
        let status = match self.below(10) {
            0..=3 => LeadStatus::Pending,
            4..=8 => LeadStatus::Approved,
            _ => LeadStatus::Rejected,
        };
        self.report(clients, at, status).await
    }

    async fn click(&mut self, client: &mut Client) -> io::Result<()> {
        let offer = self.below(self.network.offers.len());
        let code = self.below(self.network.offers[offer].codes.len());
        let code = &self.network.offers[offer].codes[code];
        self.visits += 1;
        let label = format!("{}-{}", self.number, self.visits);
        let answer = client.get(&format!("/go/{code}?subid1={label}&keyword=green%20tea")).await?;
        assert_eq!(answer.status, 302, "{}", answer.body);
        let location = answer.header("location").expect("a destination");
        let (_, tid) = location.split_once("tid=").expect("a tid");
        self.tids.push((tid.to_owned(), offer));
        assert!(self.clicks.insert(tid.to_owned(), label).is_none(), "tid {tid} was given twice");
        Ok(())
    }

    /// A sale on a click of any round; some come without an id, some on clicks that have one already.
    fn new_sale(&mut self) -> Sale {
        let (tid, offer) = self.tids[self.below(self.tids.len())].clone();
        let is_nameless = self.below(8) == 0 && self.sales.iter().all(|sale| sale.tid != tid);
        let order_id =
            if is_nameless { String::new() } else { format!("sale-{}-{}", self.number, self.sales.len()) };
        let (leads, maybe) = (BTreeSet::new(), BTreeSet::new());
        Sale { tid, offer, order_id, leads, told: None, maybe, is_parked: false }
    }

    /// Reports a sale; some reports are sent twice at the same time.
    async fn report(&mut self, clients: &mut [Client; 2], at: usize, status: LeadStatus) -> io::Result<()> {
        let sale = &mut self.sales[at];
        let offer = &self.network.offers[sale.offer];
        let order =
            if sale.order_id.is_empty() { String::new() } else { format!("&sale_id={}", sale.order_id) };
        let amount = if offer.is_percent { "&amount=49.99" } else { "" };
        let (token, tid, code) = (&self.network.token, &sale.tid, status.code());
        let path = format!("/pb?token={token}&tid={tid}&status={code}{order}{amount}");
        sale.maybe.insert(status.code());
        let [first, second] = clients;
        let (one, two) = if self.rng.number().is_multiple_of(3) {
            let (one, two) = tokio::join!(first.get(&path), second.get(&path));
            (one, Some(two))
        } else {
            (first.get(&path).await, None)
        };
        // What was answered counts, also when the server died before the other answer.
        let mut gone = Ok(());
        for answer in [Some(one), two].into_iter().flatten() {
            match answer {
                Ok(answer) => self.heard(at, status, &answer),
                Err(error) => gone = Err(error),
            }
        }
        gone
    }

    fn heard(&mut self, at: usize, sent: LeadStatus, answer: &Answer) {
        let body: Value = serde_json::from_str(&answer.body).expect("JSON");
        let sale = &mut self.sales[at];
        self.verdicts += 1;
        match (answer.status, body["verdict"].as_str()) {
            (200, Some("accepted" | "updated" | "duplicate")) => {
                sale.leads.insert(body["lead_id"].as_i64().expect("a lead id"));
                let told = body["status"].as_i64().and_then(LeadStatus::from_code).expect("a status");
                sale.told = Some(told);
                sale.maybe.clear();
            }
            (202, Some("parked")) => sale.is_parked = true,
            (400, Some("rejected")) if body["error"]["status"].is_array() => {
                sale.maybe.remove(&sent.code());
                self.refused += 1;
            }
            _ => panic!("{} {}", answer.status, answer.body),
        }
    }

    fn below(&self, bound: usize) -> usize {
        usize::try_from(self.rng.number() % bound as u64).expect("a small number")
    }
}

async fn connect(address: SocketAddr) -> io::Result<[Client; 2]> {
    Ok([Client::connect(address).await?, Client::connect(address).await?])
}
