//! Tracked links: the list, the builder, one link with its address and QR code.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::Result;
use whocpa_domain::area::AreaStatus;
use whocpa_domain::facts::{BotMark, DeviceKind};
use whocpa_domain::parked::DomainStatus;
use whocpa_engine::Rows;
use whocpa_engine::click::ClickStep;
use whocpa_engine::link::{LinkCreate, LinkUpdate, LinkView};
use whocpa_engine::offer::OfferRow;
use whocpa_engine::simulate::{SimulateCreate, SimulateView};

use crate::i18n::Lang;
use crate::site::answer::{Shown, done, page, wrong};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::{Pages, params_of, with};
use crate::site::names::Choice;
use crate::site::once;
use crate::site::qr;
use crate::site::reader::Webmaster;
use crate::site::work::Offers;

/// Rows on a page.
const PER_PAGE: i64 = 50;
/// The most that can be chosen from.
const MOST: &str = "100";

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
    /// Whether they are more than can be chosen from: one is named by its number then.
    is_many: bool,
    /// The offer that was asked for, where a link to it cannot be made; its name, or its number.
    closed: Option<String>,
    areas: Vec<Choice>,
    domains: Vec<Choice>,
    /// A mark of this form: sent twice, it makes one link.
    mark: String,
}

/// Offers to make a link to.
struct Connected {
    choices: Vec<Choice>,
    is_many: bool,
    closed: Option<String>,
}

/// Offers like that, as many as can be chosen from.
async fn offers(reader: &Webmaster, conditions: [(&str, String); 2]) -> Result<Rows<OfferRow>> {
    let mut wanted = with(conditions);
    wanted.append(with([("per_page", MOST.to_owned())]));
    reader.engine().offer_list(reader.caller(), wanted.read()?).await
}

/// Those that the reader is connected with, by name; the one that is asked for comes first.
async fn connected(reader: &Webmaster, asked: &str) -> Result<Connected> {
    let approved = [("is_approved", "1".to_owned()), ("sort", "name".to_owned())];
    let found = offers(reader, approved).await?;
    let is_many = found.total_count > i64::try_from(found.rows.len()).unwrap_or(i64::MAX);
    let mut choices = vec![(String::new(), reader.lang.t("choose"))];
    choices.extend(found.rows.into_iter().map(|offer| (offer.id.to_string(), offer.name)));
    let is_listed = choices.iter().any(|(id, _)| id == asked);
    let mut closed = None;
    if !is_listed && asked.parse::<i64>().is_ok_and(|id| id > 0) {
        let one = offers(reader, [("id", asked.to_owned()), ("show_stopped", "1".to_owned())]).await?;
        match one.rows.into_iter().next() {
            Some(offer) if offer.is_approved => choices.insert(0, (asked.to_owned(), offer.name)),
            Some(offer) => closed = Some(offer.name),
            None => closed = Some(asked.to_owned()),
        }
    }
    Ok(Connected { choices, is_many, closed })
}

async fn new_page(reader: &Webmaster, form: Form) -> Result<LinkNewPage> {
    let (engine, caller) = (reader.engine(), reader.caller());
    // What a link may be made with.
    let usable = |status: &str| with([("per_page", MOST.to_owned()), ("status", status.to_owned())]);
    let codes = |codes: &[i64]| codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let fit = codes(&[AreaStatus::Approved.code(), AreaStatus::Review.code()]);
    let areas = engine.area_list(caller, usable(&fit).read()?).await?.rows;
    let open = [DomainStatus::Active, DomainStatus::Waiting, DomainStatus::Failed];
    let domains =
        engine.domain_list(caller, usable(&codes(&open.map(DomainStatus::code))).read()?).await?.rows;
    let offers = connected(reader, &form.value("offer_id")).await?;
    let none = |key: &str| vec![(String::new(), reader.lang.t(key))];
    let mut area_choices = none("link-no-area");
    area_choices.extend(areas.into_iter().map(|area| (area.id.to_string(), area.name)));
    let mut domain_choices = none("link-own-domain");
    domain_choices.extend(domains.into_iter().map(|domain| (domain.id.to_string(), domain.name)));
    Ok(LinkNewPage {
        f: Frame::own(reader, reader.lang.t("link-new-title")),
        form,
        offers: offers.choices,
        is_many: offers.is_many,
        closed: offers.closed,
        areas: area_choices,
        domains: domain_choices,
        mark: once::mark(reader),
    })
}

/// The builder.
pub(super) async fn new(reader: Webmaster) -> Shown {
    let values =
        ["offer_id", "area_id", "promo_id"].map(|name| (name, reader.asked(name).unwrap_or_default()));
    let form = Form::new(reader.lang, values);
    page(&new_page(&reader, form).await?)
}

pub(super) async fn create(reader: Webmaster, mut sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let mark = sent.take("mark");
    let made = async {
        let input: LinkCreate = sent.given().0.read()?;
        let asked = format!("{input:?}");
        let engine = reader.engine();
        once::run(&reader, ("form link", &mark, &asked), |caller| engine.link_create(caller, input)).await
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
    Ok(done(&reader, "/pub/links", "link-gone"))
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

impl TriedPage {
    /// What was asked and found, in the reader's language.
    fn step(&self, step: &ClickStep) -> String {
        said(self.f.lang, &step.detail)
    }
}

/// A step of a trace, which is a phrase and, mostly, what was found.
fn said(lang: Lang, detail: &str) -> String {
    let whole = lang.message(detail);
    match detail.rsplit_once(": ") {
        Some((phrase, found)) if whole == detail => {
            let devices = DeviceKind::ALL.iter().map(|kind| kind.word());
            let mut words = devices.chain(BotMark::ALL.iter().map(|mark| mark.word()));
            let found = words.find(|word| *word == found).map_or(found, |word| lang.say(word));
            format!("{}: {found}", lang.message(phrase))
        }
        _ => whole,
    }
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
        Err(error) => (StatusCode::BAD_REQUEST, form.refused(error)?, None),
    };
    let f = Frame::own(&reader, reader.lang.t("trial-title"));
    let devices = AGENTS.map(|(name, _)| (name.to_owned(), f.t(&format!("trial-{name}")))).to_vec();
    wrong(status, &TriedPage { f, form, link, tried, devices })
}

#[cfg(test)]
mod tests {
    use whocpa_domain::trace::{Check, TraceStep};

    use super::*;

    #[test]
    fn every_step_is_said_in_every_language() {
        for lang in [Lang::Ru, Lang::Uk] {
            for check in Check::ALL {
                for (is_passed, found) in [(true, ""), (false, ""), (true, "7"), (false, "x")] {
                    let words = TraceStep { check: *check, is_passed, found: found.to_owned() }.words();
                    // What is found, and names, are as they are.
                    let own = said(lang, &words).replace("subid", "").replace(": x", "");
                    assert!(!own.bytes().any(|byte| byte.is_ascii_lowercase()), "{words}: {own}");
                }
            }
        }
        assert_eq!(said(Lang::Ru, "the device does not fit: phone"), "устройство не подходит: телефон");
        assert_eq!(said(Lang::En, "the country fits: UA"), "the country fits: UA");
    }
}
