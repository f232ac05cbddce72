//! The same action by every way in, in every order: paid once.

use serde_json::json;
use whocpa_db_test::db_test;
use whocpa_store::testing::TestDb;

use crate::network::Network;

/// A way in: what it sends for the visit TID, the action SALE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The webmaster's script, with an id of his own.
    Order,
    /// The visitor's browser.
    Pixel,
    /// The advertiser's system.
    Postback,
    /// The advertiser's table.
    Table,
}

const WAYS: [Way; 4] = [Way::Order, Way::Pixel, Way::Postback, Way::Table];

impl Network {
    async fn tell(&self, way: Way, tid: &str, sale: &str) {
        let (offer, goal) = (self.offer, self.goal);
        let (method, path, form) = match way {
            Way::Order => {
                let buyer = "name=Olena&phone=0501234567";
                let key = &self.webmaster;
                let form = format!("api_key={key}&offer_id={offer}&tid={tid}&click_id=own-{sale}&{buyer}");
                ("POST", "/lead/add".to_owned(), form)
            }
            Way::Pixel => ("POST", format!("/px/{goal}.json"), format!("tid={tid}&sale_id={sale}")),
            Way::Postback => {
                let token = &self.token;
                ("GET", format!("/pb?token={token}&tid={tid}&sale_id={sale}&status=approved"), String::new())
            }
            Way::Table => {
                let key = &self.advertiser;
                let form = format!("api_key={key}&csv=tid,sale_id,status%0A{tid},{sale},1%0A");
                ("POST", "/lead/import".to_owned(), form)
            }
        };
        let answer = self.app.call(method, &path, &[], &form).await;
        assert!(
            answer.status.is_success() && !answer.text.contains(r#""verdict":"rejected""#),
            "{way:?}: {answer}"
        );
    }
}

#[db_test]
async fn every_order_of_ways_is_one_lead(db: TestDb) {
    let net = Network::start(db).await;
    net.change(&net.operator, &format!("offer/{}", net.offer), "is_pixel=1").await;
    let mut round = 0;
    for first in WAYS {
        for second in WAYS.into_iter().filter(|way| *way != first) {
            for third in WAYS.into_iter().filter(|way| ![first, second].contains(way)) {
                let last = WAYS.into_iter().find(|way| ![first, second, third].contains(way));
                let order = [first, second, third, last.expect("the fourth")];
                round += 1;
                let tid = net.visit("").await;
                for way in order {
                    net.tell(way, &tid, &format!("S{round}")).await;
                }
                let leads = net.list(&net.operator, &format!("lead/?tid={tid}")).await;
                assert_eq!(leads.len(), 1, "{order:?}: {leads:?}");
                let lead = net.view(&net.advertiser, &format!("lead/{}", leads[0]["id"])).await;
                assert_eq!(lead["status"], json!(1), "{order:?}");
                assert_eq!(lead["buyer"]["name"], json!("Olena"), "{order:?}: the buyer is known");
            }
        }
    }
    assert_eq!(net.leads().await.len(), 24);
}
