//! Tracked links: the list, the builder, one link with its address and QR code.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use whocpa_domain::Result;
use whocpa_engine::link::{LinkCreate, LinkUpdate, LinkView};
use whocpa_engine::simulate::{SimulateCreate, SimulateView};

use crate::site::answer::{Shown, done, page, wrong};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::{Pages, params_of, with};
use crate::site::names::Choice;
use crate::site::qr;
use crate::site::reader::Webmaster;
use crate::site::work::Offers;

/// Rows on a page.
const PER_PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "site/webmaster/links.html")]
struct LinksPage {
    f: Frame,
    links: Vec<LinkView>,
    pages: Pages,
    offers: Offers,
}

pub(super) async fn list(reader: Webmaster) -> Shown {
    let asked = params_of(&reader, PER_PAGE);
    let found = reader.engine().link_list(reader.caller(), asked.read()?).await?;
    page(&LinksPage {
        f: Frame::own(&reader, reader.lang.t("links-title")),
        pages: Pages::new(&reader, found.total_count, found.paging),
        offers: Offers::load(&reader, found.rows.iter().map(|link| link.offer_id)).await?,
        links: found.rows,
    })
}

#[derive(Template)]
#[template(path = "site/webmaster/link_new.html")]
struct LinkNewPage {
    f: Frame,
    form: Form,
    offers: Vec<Choice>,
    areas: Vec<Choice>,
    domains: Vec<Choice>,
}

async fn new_page(reader: &Webmaster, form: Form) -> Result<LinkNewPage> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let most = || with([("per_page", "100".to_owned())]);
    let mut asked = most();
    asked.append(with([("is_approved", "1".to_owned()), ("sort", "name".to_owned())]));
    let offers = engine.offer_list(caller, asked.read()?).await?.rows;
    let areas = engine.area_list(caller, most().read()?).await?.rows;
    let domains = engine.domain_list(caller, most().read()?).await?.rows;
    let none = |key: &str| vec![(String::new(), reader.lang.t(key))];
    let mut area_choices = none("link-no-area");
    area_choices.extend(areas.into_iter().map(|area| (area.id.to_string(), area.name)));
    let mut domain_choices = none("link-own-domain");
    domain_choices.extend(domains.into_iter().map(|domain| (domain.id.to_string(), domain.name)));
    Ok(LinkNewPage {
        f: Frame::own(reader, reader.lang.t("link-new-title")),
        form,
        offers: offers.into_iter().map(|offer| (offer.id.to_string(), offer.name)).collect(),
        areas: area_choices,
        domains: domain_choices,
    })
}

/// The builder.
pub(super) async fn new(reader: Webmaster) -> Shown {
    let values =
        ["offer_id", "area_id", "promo_id"].map(|name| (name, reader.asked(name).unwrap_or_default()));
    let form = Form::new(reader.lang, values);
    page(&new_page(&reader, form).await?)
}

pub(super) async fn create(reader: Webmaster, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let input: LinkCreate = sent.given().0.read()?;
        reader.engine().link_create(reader.caller(), input).await
    };
    match made.await {
        Ok(id) => Ok(done(&reader, &format!("/pub/links/{id}"), "link-made")),
        Err(error) => wrong(StatusCode::BAD_REQUEST, &new_page(&reader, form.refused(error)?).await?),
    }
}

#[derive(Template)]
#[template(path = "site/webmaster/link.html")]
struct LinkPage {
    f: Frame,
    form: Form,
    link: LinkView,
    offer: String,
    qr: String,
}

async fn link_page(reader: &Webmaster, link: LinkView, form: Form) -> Result<LinkPage> {
    let offers = Offers::load(reader, [link.offer_id]).await?;
    let title = if link.name.is_empty() { link.code.clone() } else { link.name.clone() };
    Ok(LinkPage {
        f: Frame::own(reader, title),
        form,
        offer: offers.name(&link.offer_id),
        qr: qr::path(&link.url)?,
        link,
    })
}

pub(super) async fn view(reader: Webmaster, Path(id): Path<i64>) -> Shown {
    let link = reader.engine().link_view(reader.caller(), id).await?;
    let values = [
        ("name", link.name.clone()),
        ("url_traffback", link.url_traffback.clone()),
        ("subid1", link.subid1.clone()),
        ("subid2", link.subid2.clone()),
        ("subid3", link.subid3.clone()),
        ("subid4", link.subid4.clone()),
        ("subid5", link.subid5.clone()),
    ];
    let form = Form::new(reader.lang, values);
    page(&link_page(&reader, link, form).await?)
}

pub(super) async fn update(reader: Webmaster, Path(id): Path<i64>, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let (engine, caller) = (reader.engine(), reader.caller());
    let changed = async {
        let input: LinkUpdate = sent.0.read()?;
        engine.link_update(caller, id, input).await
    };
    match changed.await {
        Ok(()) => Ok(done(&reader, &format!("/pub/links/{id}"), "saved")),
        Err(error) => {
            let form = form.refused(error)?;
            let link = engine.link_view(caller, id).await?;
            wrong(StatusCode::BAD_REQUEST, &link_page(&reader, link, form).await?)
        }
    }
}

/// Visitors of a link that is gone go to traffic-back.
pub(super) async fn delete(reader: Webmaster, Path(id): Path<i64>) -> Shown {
    reader.engine().link_delete(reader.caller(), id).await?;
    Ok(Redirect::to("/pub/links?done=link-gone").into_response())
}

#[derive(Template)]
#[template(path = "site/webmaster/link_try.html")]
struct TriedPage {
    f: Frame,
    form: Form,
    link: LinkView,
    tried: Option<SimulateView>,
    devices: Vec<Choice>,
}

/// Browsers that a test visitor may have.
const AGENTS: [(&str, &str); 3] = [
    ("desktop", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"),
    (
        "android",
        "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
    ),
    (
        "iphone",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1",
    ),
];

/// Where a visitor would go, and why; nothing of it is counted.
pub(super) async fn tried(reader: Webmaster, Path(id): Path<i64>) -> Shown {
    let link = reader.engine().link_view(reader.caller(), id).await?;
    let values = ["country", "device", "query"].map(|name| (name, reader.asked(name).unwrap_or_default()));
    let form = Form::new(reader.lang, values);
    let device = form.value("device");
    let agent = AGENTS.iter().find(|(name, _)| *name == device).unwrap_or(&AGENTS[0]).1;
    let asked = [
        ("kind", "1".to_owned()),
        ("link_id", id.to_string()),
        ("ua", agent.to_owned()),
        ("country", form.value("country")),
        ("query", form.value("query")),
    ];
    let made = async {
        let mut asked = with(asked);
        asked.retain(|_| true);
        let input: SimulateCreate = asked.read()?;
        reader.engine().simulate_create(reader.caller(), input).await
    };
    let (status, form, tried) = match made.await {
        Ok(tried) => (StatusCode::OK, form, Some(tried)),
        Err(error) => (StatusCode::BAD_REQUEST, form.refused_in(error, &["country", "query"])?, None),
    };
    let f = Frame::own(&reader, reader.lang.t("trial-title"));
    let devices = AGENTS.map(|(name, _)| (name.to_owned(), f.t(&format!("trial-{name}")))).to_vec();
    wrong(status, &TriedPage { f, form, link, tried, devices })
}
