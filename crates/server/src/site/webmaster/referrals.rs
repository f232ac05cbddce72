//! Those whom the webmaster brought to the network, and what that earned.

use askama::Template;
use axum::extract::Path;
use whocpa_engine::referral::{ReferralRow, ReferralView};

use crate::site::answer::{Shown, page};
use crate::site::frame::Frame;
use crate::site::list::{Pages, params_of};
use crate::site::names::Names;
use crate::site::reader::Webmaster;

/// Rows on a page.
const PER_PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "site/webmaster/referrals.html")]
struct ReferralsPage {
    f: Frame,
    /// Address that brings somebody in his name; empty where he has none.
    url: String,
    referrals: Vec<ReferralRow>,
    pages: Pages,
}

pub(super) async fn list(reader: Webmaster) -> Shown {
    let (engine, caller) = (reader.engine(), reader.caller());
    let found = engine.referral_list(caller, params_of(&reader, PER_PAGE).read()?).await?;
    let profile = engine.profile_view(caller, caller.user_id).await?;
    let f = Frame::own(&reader, reader.lang.t("referrals-title"));
    let url = profile.aff_id.map_or_else(String::new, |aff| {
        format!("{}{}?level=1&ref={}", f.base_url, reader.to("/register"), aff.number())
    });
    page(&ReferralsPage {
        url,
        pages: Pages::new(&reader, found.total_count, found.paging),
        referrals: found.rows,
        f,
    })
}

#[derive(Template)]
#[template(path = "site/webmaster/referral.html")]
struct ReferralPage {
    f: Frame,
    n: Names,
    referral: ReferralView,
}

pub(super) async fn view(reader: Webmaster, Path(id): Path<i64>) -> Shown {
    let referral = reader.engine().referral_view(reader.caller(), id).await?;
    let f = Frame::own(&reader, referral.row.name.clone());
    page(&ReferralPage { f, n: Names::load(&reader).await?, referral })
}
