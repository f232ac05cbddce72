//! Postbacks to the webmaster's tracker, and the log of what was sent.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::postback::{
    POSTBACK_MACROS, PostbackEvent, PostbackKind, PostbackStatus, PostbackTemplate, Value,
};
use whocpa_domain::{Level, Result};
use whocpa_engine::claim::Told;
use whocpa_engine::delivery::{DeliveryCreate, DeliveryCreated, DeliveryRow, DeliveryUpdate};
use whocpa_engine::postback::{PostbackCreate, PostbackUpdate, PostbackView};

use crate::site::answer::{Shown, done, page, wrong};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::{Pages, params_of, with};
use crate::site::names::{Choice, codes};
use crate::site::once::{self, Once};
use crate::site::reader::{Of, Reader};

/// Rows of the log on a page.
const PER_PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "site/work/postbacks.html")]
struct PostbacksPage {
    f: Frame,
    form: Form,
    postbacks: Vec<PostbackView>,
    /// A mark of this form: sent twice, it makes one postback.
    mark: String,
    templates: Vec<Choice>,
    /// The secret of the one that was just made: it is shown this once.
    secret: String,
    /// Macros of an address: the spelling, and other networks' spellings of the same.
    macros: Vec<(&'static str, String)>,
}

/// The macros whose values this reader's receivers may be told.
fn macros(reader: &Reader) -> Vec<(&'static str, String)> {
    let is_told = |value: &Value| reader.caller().level == Level::Advertiser || !value.is_buyer();
    let shown = POSTBACK_MACROS.iter().filter(|(value, _)| is_told(value));
    shown.map(|(_, names)| (names[0], names[1..].join(", "))).collect()
}

async fn postbacks_page(reader: &Reader, form: Form, secret: String) -> Result<PostbacksPage> {
    let all = with([("per_page", "100".to_owned())]);
    Ok(PostbacksPage {
        f: Frame::own(reader, reader.lang.t("postbacks-title")),
        form,
        postbacks: reader.engine().postback_list(reader.caller(), all.read()?).await?.rows,
        templates: codes(reader.lang, PostbackTemplate::CODES).into_iter().skip(1).collect(),
        secret,
        mark: once::mark(reader),
        macros: macros(reader),
    })
}

pub(in crate::site) async fn list<const L: u8>(reader: Of<L>) -> Shown {
    page(&postbacks_page(&reader, Form::new(reader.lang, []), String::new()).await?)
}

pub(in crate::site) async fn create<const L: u8>(reader: Of<L>, mut sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let mark = sent.take("mark");
    let made = async {
        let mut asked = sent.given().0;
        // By GET, as trackers want it.
        asked.append(with([("kind", "1".to_owned())]));
        let input: PostbackCreate = asked.read()?;
        let written = format!("{input:?}");
        let engine = reader.engine();
        let make = |caller| engine.postback_create(caller, input);
        once::only(&reader, ("form postback", &mark), &written, make).await
    };
    match made.await {
        Ok(made) => {
            let secret = match made {
                Once::Now(made) => made.secret,
                // A browser shows the answer of the second click only.
                Once::Before(Told::Object(told)) => told["secret"].as_str().unwrap_or_default().to_owned(),
                Once::Before(_) => String::new(),
            };
            page(&postbacks_page(&reader, Form::new(reader.lang, []), secret).await?)
        }
        Err(error) => {
            let form = form.refused(error)?;
            wrong(StatusCode::BAD_REQUEST, &postbacks_page(&reader, form, String::new()).await?)
        }
    }
}

#[derive(Template)]
#[template(path = "site/work/postback.html")]
struct PostbackPage {
    f: Frame,
    form: Form,
    postback: PostbackView,
    deliveries: Vec<DeliveryRow>,
    pages: Pages,
    /// Events of leads, to rehearse.
    events: Vec<Choice>,
    /// What the rehearsal just now called.
    rehearsed: Option<Rehearsed>,
}

/// What a rehearsal called.
struct Rehearsed {
    made: DeliveryCreated,
    /// What came of it, where it is known already.
    delivery: Option<DeliveryRow>,
}

impl PostbackPage {
    /// Whether its receiver is not told that a rehearsal is one.
    fn is_mistaken(&self) -> bool {
        self.postback.kind == PostbackKind::Get && !self.postback.url.contains("{is_test")
    }

    fn is_paused(&self) -> bool {
        self.postback.status != PostbackStatus::Active
    }
}

/// What happens to leads.
fn events(reader: &Reader) -> Vec<Choice> {
    let of_leads = PostbackEvent::ALL.iter().filter(|event| event.is_of_lead());
    of_leads.map(|event| (event.code().to_string(), reader.lang.say(event.word()).to_owned())).collect()
}

fn filled(reader: &Reader, postback: PostbackView) -> Form {
    Form::new(reader.lang, [("url", postback.url), ("name", postback.name)])
}

async fn postback_page(reader: &Reader, id: i64, form: Form) -> Result<PostbackPage> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let postback = engine.postback_view(caller, id).await?;
    let mut asked = params_of(reader, PER_PAGE);
    asked.append(with([("postback_id", id.to_string())]));
    let found = engine.delivery_list(caller, asked.read()?).await?;
    let title = if postback.name.is_empty() { format!("#{id}") } else { postback.name.clone() };
    Ok(PostbackPage {
        f: Frame::own(reader, title),
        pages: Pages::new(reader, found.total_count, found.paging),
        deliveries: found.rows,
        events: events(reader),
        rehearsed: None,
        postback,
        form,
    })
}

pub(in crate::site) async fn view<const L: u8>(reader: Of<L>, Path(id): Path<i64>) -> Shown {
    let postback = reader.engine().postback_view(reader.caller(), id).await?;
    let form = filled(&reader, postback);
    page(&postback_page(&reader, id, form).await?)
}

pub(in crate::site) async fn update<const L: u8>(reader: Of<L>, Path(id): Path<i64>, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let is_whole = sent.0.names().any(|name| name == "url");
    let changed = async {
        let input: PostbackUpdate = sent.0.read()?;
        reader.engine().postback_update(reader.caller(), id, input).await
    };
    match changed.await {
        Ok(()) => Ok(done(&reader, &format!("{}/postbacks/{id}", reader.cabinet()), "saved")),
        Err(error) => {
            // The pause has a form of its own, without the address.
            let form = if is_whole {
                form
            } else {
                filled(&reader, reader.engine().postback_view(reader.caller(), id).await?)
            };
            wrong(StatusCode::BAD_REQUEST, &postback_page(&reader, id, form.refused(error)?).await?)
        }
    }
}

pub(in crate::site) async fn delete<const L: u8>(reader: Of<L>, Path(id): Path<i64>) -> Shown {
    reader.engine().postback_delete(reader.caller(), id).await?;
    Ok(done(&reader, &format!("{}/postbacks", reader.cabinet()), "postback-gone"))
}

/// Sends a message again.
pub(in crate::site) async fn replay<const L: u8>(
    reader: Of<L>,
    Path(id): Path<i64>,
    mut sent: Sent,
) -> Shown {
    let postback = sent.take("postback_id").parse::<i64>().unwrap_or_default();
    let input: DeliveryUpdate = with([("replay", "1".to_owned())]).read()?;
    reader.engine().delivery_update(reader.caller(), id, input).await?;
    Ok(done(&reader, &format!("{}/postbacks/{postback}", reader.cabinet()), "replayed"))
}

/// Tells the receiver of a lead that is made up, at once, and shows what was called.
pub(in crate::site) async fn rehearse<const L: u8>(
    reader: Of<L>,
    Path(id): Path<i64>,
    mut sent: Sent,
) -> Shown {
    let (engine, caller) = (reader.engine(), reader.caller());
    let postback = engine.postback_view(caller, id).await?;
    let event = sent.take("event");
    let mut form = filled(&reader, postback);
    let made = async {
        let mut asked =
            with([("postback_id", id.to_string()), ("is_test", "1".to_owned()), ("event", event)]);
        asked.retain(|_| true);
        let input: DeliveryCreate = asked.read()?;
        engine.delivery_create(caller, input).await
    };
    let mut rehearsed = None;
    match made.await {
        Ok(made) => {
            let delivery = engine.delivery_view(caller, made.id).await.ok().map(|found| found.row);
            rehearsed = Some(Rehearsed { made, delivery });
        }
        Err(error) => form = form.refused(error)?,
    }
    let status = if rehearsed.is_some() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let shown = PostbackPage { rehearsed, ..postback_page(&reader, id, form).await? };
    wrong(status, &shown)
}
