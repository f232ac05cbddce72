//! Addresses of the trackers that webmasters use: theirs is the domain and the key, the rest is known.

use crate::codes;

codes! {
    /// The receiver's own way of speaking.
    pub enum PostbackTemplate {
        Own = 0 "an address of your own",
        Keitaro = 1 "Keitaro",
        Binom = 2 "Binom",
        Voluum = 3 "Voluum",
        RedTrack = 4 "RedTrack",
        BeMob = 5 "BeMob",
        AlterCpa = 6 "AlterCPA",
        PeerClick = 7 "PeerClick",
    }
}

impl PostbackTemplate {
    /// Whether its address has a key of the account in it.
    pub fn has_key(self) -> bool {
        matches!(self, Self::Keitaro | Self::AlterCpa)
    }

    /// Whether it books whatever it is told as a sale: it is told of approved leads only.
    pub fn is_sales_only(self) -> bool {
        matches!(self, Self::Voluum)
    }
}

/// The address of a tracker, with our macros; the webmaster's click id of the tracker travels as `subid1`.
pub fn tracker_url(template: PostbackTemplate, domain: &str, key: &str) -> Option<String> {
    let tail = match template {
        PostbackTemplate::Own => return None,
        // Without a status Keitaro books a pending lead as a sale.
        PostbackTemplate::Keitaro => format!(
            "{key}/postback?subid={{subid1}}&status={{status}}&payout={{payout}}&currency={{currency}}&tid={{lead_id}}\
             &lead_status=pending&sale_status=approved&rejected_status=rejected,spam,double&from=whocpa"
        ),
        PostbackTemplate::Binom => {
            "click.php?cnv_id={subid1}&payout={payout}&cnv_status={status}&cnv_currency={currency}".to_owned()
        }
        PostbackTemplate::Voluum => "postback?cid={subid1}&payout={payout}&txid={lead_id}".to_owned(),
        PostbackTemplate::RedTrack => "postback?clickid={subid1}&sum={payout}\
             &status={status:pending=pending,approved=approved,rejected=declined,other=other}\
             &type={goal_id}&rdtk_event_id={lead_id}"
            .to_owned(),
        PostbackTemplate::BeMob => {
            "postback?cid={subid1}&payout={payout}&txid={lead_id}&status={status}".to_owned()
        }
        PostbackTemplate::AlterCpa => format!(
            "api/tracker/postback.json?id={key}&click={{subid1}}&uid={{lead_id}}\
             &status={{status:pending=new,approved=approve,rejected=cancel,other=trash}}&price={{payout}}\
             &currency={{currency}}"
        ),
        PostbackTemplate::PeerClick => {
            "postback?cid={subid1}&payout={payout}&txid={lead_id}&status={status}&currency={currency}"
                .to_owned()
        }
    };
    Some(format!("https://{domain}/{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postback::{PostbackUrl, convert};

    #[test]
    fn every_tracker_gets_a_right_address_with_the_click_and_a_stable_id() {
        for template in PostbackTemplate::ALL.iter().filter(|template| **template != PostbackTemplate::Own) {
            let url = tracker_url(*template, "t.example", "k3y").expect("an address");
            assert_eq!(convert(&url), url);
            PostbackUrl::parse(&url).unwrap_or_else(|words| panic!("{words}: {url}"));
            assert!(url.contains("{subid1}") && url.contains("{payout}"), "{url}");
            assert_eq!(url.contains("k3y"), template.has_key(), "{url}");
        }
        assert_eq!(tracker_url(PostbackTemplate::Own, "t.example", ""), None);
    }
}
