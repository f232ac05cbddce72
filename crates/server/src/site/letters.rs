//! What links in letters lead to: a new password, a confirmed address, no more letters. Opening a link changes nothing, for
//! programs open links too, to look at them; a button does.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::get;
use whocpa_domain::Error;
use whocpa_domain::input::{RawParams, RawValue};
use whocpa_domain::user::Notify;
use whocpa_engine::mail::Unsubscribe;
use whocpa_engine::profile::{ProfileUpdate, ProfileView};

use super::answer::{self, Shown, done, failure, page, wrong};
use super::form::{Form, Sent};
use super::frame::Frame;
use super::reader::{Reader, Signed};
use crate::i18n::Lang;
use crate::state::AppState;

/// The page that ends letters.
const UNSUBSCRIBE: &str = "/unsubscribe";

/// The page that ends letters stands outside of what keeps other sites' forms away: mail programs send it by themselves (RFC 8058),
/// and its signature says that it was written by this network.
pub(super) fn unsubscribing(state: &AppState) -> Router {
    let route = get(unsubscribe_show).post(unsubscribe);
    let routes = Lang::ALL.into_iter().fold(Router::new(), |routes, lang| {
        routes.route(&format!("{}{UNSUBSCRIBE}", lang.prefix()), route.clone())
    });
    routes.layer(from_fn_with_state(state.clone(), answer::around)).with_state(state.clone())
}

/// Whether a request is for that page.
pub(super) fn is_signed(request: &Parts) -> bool {
    Lang::of_path(request.uri.path()).1 == UNSUBSCRIBE
}

#[derive(Template)]
#[template(path = "site/reset.html")]
struct ResetPage {
    f: Frame,
    form: Form,
    is_done: bool,
}

/// Asks who forgot his password.
pub(super) async fn reset_show(reader: Reader) -> Shown {
    if !reader.engine().sends_letters() {
        return failure(&reader, StatusCode::NOT_FOUND, "wrong-letters", Vec::new());
    }
    let f = Frame::new(&reader, reader.lang.t("reset-title"));
    page(&ResetPage { f, form: Form::new(reader.lang, []), is_done: false })
}

/// Sends a link, and says the same whoever was named.
pub(super) async fn reset_create(reader: Reader, mut sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let f = Frame::new(&reader, reader.lang.t("reset-title"));
    match reader.engine().reset_create(&reader.from, &sent.take("who")) {
        Ok(()) => page(&ResetPage { f, form, is_done: true }),
        Err(error @ Error::Conflict(_)) => {
            wrong(StatusCode::TOO_MANY_REQUESTS, &ResetPage { f, form: form.refused(error)?, is_done: false })
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "site/reset_new.html")]
struct NewPasswordPage {
    f: Frame,
    form: Form,
    token: String,
}

/// Asks for the new password.
pub(super) async fn password_show(reader: Reader, Path(token): Path<String>) -> Shown {
    if !reader.engine().reset_view(&token).await? {
        return closed(&reader);
    }
    let f = Frame::new(&reader, reader.lang.t("reset-title"));
    page(&NewPasswordPage { f, form: Form::new(reader.lang, []), token })
}

/// Sets it.
pub(super) async fn password_create(reader: Reader, Path(token): Path<String>, mut sent: Sent) -> Shown {
    let form = Form::new(reader.lang, []);
    let revokes_keys = sent.take("revoke_keys") == "1";
    let password = sent.take_exact("password");
    match reader.engine().reset_update(&reader.from, &token, password, revokes_keys).await {
        Ok(()) => Ok(Redirect::to(&format!("{}?done=reset", reader.to("/sign-in"))).into_response()),
        Err(Error::NotFound) => closed(&reader),
        Err(error) => {
            let f = Frame::new(&reader, reader.lang.t("reset-title"));
            wrong(StatusCode::BAD_REQUEST, &NewPasswordPage { f, form: form.refused(error)?, token })
        }
    }
}

#[derive(Template)]
#[template(path = "site/letter.html")]
struct LetterPage {
    f: Frame,
    text: String,
    /// What it is about, in words.
    list: Vec<&'static str>,
    /// Where the button leads to; empty for no button.
    url: String,
    button: String,
}

fn closed(reader: &Reader) -> Shown {
    failure(reader, StatusCode::NOT_FOUND, "wrong-link", Vec::new())
}

/// Asks whether the address is his.
pub(super) async fn confirm_show(reader: Reader, Path(token): Path<String>) -> Shown {
    if !reader.engine().confirmation_view(&token).await? {
        return closed(&reader);
    }
    page(&LetterPage {
        f: Frame::new(&reader, reader.lang.t("confirm-title")),
        text: reader.lang.t("confirm-ask"),
        list: Vec::new(),
        url: reader.to(&format!("/confirm/{token}")),
        button: reader.lang.t("confirm-button"),
    })
}

/// Confirms it.
pub(super) async fn confirm(reader: Reader, Path(token): Path<String>) -> Shown {
    match reader.engine().confirmation_update(&reader.from, &token).await {
        Ok(()) => page(&told(&reader, "confirm-title", "confirm-done")),
        Err(Error::NotFound) => closed(&reader),
        Err(error) => Err(error.into()),
    }
}

fn told(reader: &Reader, title: &str, text: &str) -> LetterPage {
    let (f, text) = (Frame::new(reader, reader.lang.t(title)), reader.lang.t(text));
    LetterPage { f, text, list: Vec::new(), url: String::new(), button: String::new() }
}

fn link(reader: &Reader) -> Unsubscribe {
    let asked = |name: &str| reader.asked(name).unwrap_or_default();
    let number = |name: &str| asked(name).parse().unwrap_or_default();
    Unsubscribe { user_id: number("user"), choices: number("choices"), signature: asked("signature") }
}

/// Asks whether such letters are to end.
async fn unsubscribe_show(reader: Reader) -> Shown {
    let Some(choices) = reader.engine().unsubscribe_choices(&link(&reader)) else { return closed(&reader) };
    page(&LetterPage {
        f: Frame::new(&reader, reader.lang.t("unsubscribe-title")),
        text: reader.lang.t("unsubscribe-ask"),
        list: choices.into_iter().map(|choice| reader.lang.say(choice.word())).collect(),
        url: format!("{}?{}", reader.to(UNSUBSCRIBE), reader.query),
        button: reader.lang.t("unsubscribe-button"),
    })
}

/// Ends them.
async fn unsubscribe(reader: Reader) -> Shown {
    match reader.engine().unsubscribe(&link(&reader)).await {
        Ok(()) => page(&told(&reader, "unsubscribe-title", "unsubscribe-done")),
        Err(Error::NotFound) => closed(&reader),
        Err(error) => Err(error.into()),
    }
}

/// Something that people are written about.
pub(super) struct Line {
    pub value: i64,
    pub words: &'static str,
    /// Whether he wants it as letters, and in Telegram.
    pub is_mailed: bool,
    pub is_sent: bool,
}

/// What letters can be about, and whether he wants them.
pub(super) fn choices(lang: Lang, profile: &ProfileView) -> Vec<Line> {
    let line = |choice: &Notify| Line {
        value: choice.code(),
        words: lang.say(choice.word()),
        is_mailed: profile.notify.contains(choice),
        is_sent: profile.notify_telegram.contains(choice),
    };
    Notify::ALL.iter().map(line).collect()
}

/// Chooses what he is written about, and where; and disconnects his chat.
pub(super) async fn choose(reader: Signed, mut sent: Sent) -> Shown {
    let text = |value| match value {
        RawValue::Text(text) | RawValue::Element(text) => Some(text),
        _ => None,
    };
    let mut params = RawParams::default();
    if sent.take("disconnect") == "1" {
        params.push("is_telegram_linked", RawValue::Text("0".to_owned()));
    } else {
        for name in ["notify", "notify_telegram"] {
            // None of them is a choice too.
            let codes: Vec<String> = sent.0.take(name).into_iter().filter_map(text).collect();
            params.push(name, RawValue::Text(codes.join(",")));
        }
    }
    let input: ProfileUpdate = params.read()?;
    reader.engine().profile_update(reader.caller(), reader.caller().user_id, input).await?;
    Ok(done(&reader, "/account", "saved"))
}

/// Sends another link that confirms the address.
pub(super) async fn confirmation(reader: Signed) -> Shown {
    reader.engine().confirmation_create(reader.caller()).await?;
    Ok(done(&reader, "/account", "confirmation"))
}
