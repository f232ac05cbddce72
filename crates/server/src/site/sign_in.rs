//! Signing in: login and password, then a code where the account has a second factor; and signing out.

use askama::Template;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use whocpa_engine::session::{Opened, SignedIn};

use super::answer::{Shown, page, wrong};
use super::cookies;
use super::form::{Form, Sent};
use super::frame::Frame;
use super::reader::{Reader, home_of};

#[derive(Template)]
#[template(path = "site/sign_in.html")]
struct SignInPage {
    f: Frame,
    form: Form,
    sends_letters: bool,
}

impl SignInPage {
    fn new(reader: &Reader, form: Form) -> Self {
        let f = Frame::new(reader, reader.lang.t("sign-in-title"));
        Self { f, form, sends_letters: reader.engine().sends_letters() }
    }
}

#[derive(Template)]
#[template(path = "site/code.html")]
struct CodePage {
    f: Frame,
    form: Form,
}

/// The form; who is signed in already has nothing to do here.
pub(super) async fn show(reader: Reader) -> Shown {
    if let Some(visitor) = &reader.visitor {
        return Ok(Redirect::to(home_of(visitor.caller.level)).into_response());
    }
    let next = reader.asked("next").unwrap_or_default();
    let form = Form::new(reader.lang, [("next", next)]);
    page(&SignInPage::new(&reader, form))
}

/// Takes login and password.
pub(super) async fn create(reader: Reader, mut sent: Sent) -> Shown {
    let mut form = Form::sent(reader.lang, &sent.0);
    let (login, password) = (sent.take("login"), sent.take_exact("password"));
    let signed = reader.engine().session_create(&reader.from, &login, &password).await?;
    match signed {
        SignedIn::Opened(opened) => Ok(opened_answer(&reader, &opened, &form.value("next"))),
        refused => {
            let (status, text) = said(&reader, &refused, "sign-in-wrong");
            form.general.push(text);
            wrong(status, &SignInPage::new(&reader, form))
        }
    }
}

/// The form for the code.
pub(super) async fn code_show(reader: Reader, headers: HeaderMap) -> Shown {
    let token = cookies::read(&headers, &cookies::code_name(&reader.state)).unwrap_or_default();
    if !reader.engine().session_waits(&token).await? {
        return Ok(Redirect::to(&reader.to("/sign-in")).into_response());
    }
    let form = Form::new(reader.lang, [("next", reader.asked("next").unwrap_or_default())]);
    page(&CodePage { f: Frame::new(&reader, reader.lang.t("code-title")), form })
}

/// Takes the code.
pub(super) async fn code(reader: Reader, headers: HeaderMap, mut sent: Sent) -> Shown {
    let token = cookies::read(&headers, &cookies::code_name(&reader.state)).unwrap_or_default();
    let mut form = Form::sent(reader.lang, &sent.0);
    let signed = reader.engine().session_confirm(&reader.from, &token, &sent.take("code")).await?;
    match signed {
        SignedIn::Opened(opened) => Ok(opened_answer(&reader, &opened, &form.value("next"))),
        // Too many wrong ones: it begins anew.
        SignedIn::Refused if !reader.engine().session_waits(&token).await? => {
            Ok(Redirect::to(&reader.to("/sign-in")).into_response())
        }
        refused => {
            let (status, text) = said(&reader, &refused, "code-wrong");
            form.general.push(text);
            wrong(status, &CodePage { f: Frame::new(&reader, reader.lang.t("code-title")), form })
        }
    }
}

/// Ends the session.
pub(super) async fn delete(reader: Reader) -> Shown {
    if let Some(visitor) = &reader.visitor {
        reader.engine().session_delete(visitor.caller, visitor.caller.origin.session_id).await?;
    }
    let mut response = Redirect::to(&format!("{}?done=signed-out", reader.to("/sign-in"))).into_response();
    let gone = cookies::secret(&reader.state, &cookies::session_name(&reader.state), "", 0);
    response.headers_mut().extend(gone.map(|gone| (SET_COOKIE, gone)));
    Ok(response)
}

fn said(reader: &Reader, refused: &SignedIn, key: &str) -> (StatusCode, String) {
    match refused {
        SignedIn::Later(seconds) => {
            let minutes = usize::try_from(seconds / 60 + 1).unwrap_or(1);
            (StatusCode::TOO_MANY_REQUESTS, reader.lang.with("sign-in-later", "count", minutes))
        }
        SignedIn::Waiting => (StatusCode::FORBIDDEN, reader.lang.t("sign-in-waits")),
        _ => (StatusCode::UNAUTHORIZED, reader.lang.t(key)),
    }
}

/// The session's cookies, and on to where the person wanted to go.
fn opened_answer(reader: &Reader, opened: &Opened, next: &str) -> Response {
    let (state, next) = (&reader.state, inside(next));
    let (session, code) = (cookies::session_name(state), cookies::code_name(state));
    let mut cookies = Vec::new();
    let target = if opened.is_confirmed {
        cookies.extend(cookies::secret(state, &session, &opened.token, opened.seconds));
        cookies.extend(cookies::secret(state, &code, "", 0));
        cookies.extend(cookies::device(state, &opened.device));
        next.unwrap_or_else(|| home_of(opened.level).to_owned())
    } else {
        cookies.extend(cookies::secret(state, &code, &opened.token, opened.seconds));
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("next", &next.unwrap_or_default())
            .finish();
        format!("{}?{query}", reader.to("/sign-in/code"))
    };
    let mut response = Redirect::to(&target).into_response();
    response.headers_mut().extend(cookies.into_iter().map(|cookie| (SET_COOKIE, cookie)));
    response
}

/// An address of this site; anything that leads elsewhere is none.
pub(super) fn inside(path: &str) -> Option<String> {
    let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_inside = path.starts_with('/') && !path.starts_with("//");
    (is_plain && is_inside).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_away_after_signing_in() {
        for path in ["/", "/account", "/pub/leads?page=2"] {
            assert_eq!(inside(path).as_deref(), Some(path));
        }
        for path in ["", "//evil.example", "https://evil.example", "/\\evil.example", "account", "/a\r\nb"] {
            assert_eq!(inside(path), None, "{path:?}");
        }
    }
}
