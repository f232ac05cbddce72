//! Registration of webmasters and advertisers.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use whocpa_domain::user::UserLevel;
use whocpa_engine::registration::RegistrationCreate;

use super::answer::{Shown, page, wrong};
use super::form::{Form, Sent};
use super::frame::Frame;
use super::names::Choice;
use super::reader::{Reader, home_of};

#[derive(Template)]
#[template(path = "site/register.html")]
struct RegisterPage {
    f: Frame,
    form: Form,
    levels: Vec<Choice>,
    is_done: bool,
}

impl RegisterPage {
    fn new(reader: &Reader, form: Form, is_done: bool) -> Self {
        let word = |level: UserLevel, key| (level.code().to_string(), reader.lang.t(key));
        Self {
            f: Frame::new(
                reader,
                reader.lang.t(if is_done { "register-done-title" } else { "register-title" }),
            ),
            form,
            levels: vec![
                word(UserLevel::Webmaster, "register-webmaster"),
                word(UserLevel::Advertiser, "register-advertiser"),
            ],
            is_done,
        }
    }
}

/// The form.
pub(super) async fn show(reader: Reader) -> Shown {
    if let Some(visitor) = &reader.visitor {
        return Ok(Redirect::to(home_of(visitor.caller.level)).into_response());
    }
    let values = ["level", "ref"].map(|name| (name, reader.asked(name).unwrap_or_default()));
    page(&RegisterPage::new(&reader, Form::new(reader.lang, values), false))
}

/// Makes the account, which waits for an operator.
pub(super) async fn create(reader: Reader, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let mut params = sent.given().0;
        params.push("language", whocpa_domain::input::RawValue::Text(reader.lang.tag().to_owned()));
        let input: RegistrationCreate = params.read()?;
        reader.engine().registration_create(&reader.from, input).await
    };
    match made.await {
        Ok(_) => page(&RegisterPage::new(&reader, form, true)),
        Err(error) => {
            wrong(StatusCode::BAD_REQUEST, &RegisterPage::new(&reader, form.refused(error)?, false))
        }
    }
}
