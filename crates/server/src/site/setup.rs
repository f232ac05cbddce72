//! The one-time page on which the first operator is made. Its address is printed at start and stops working with the
//! first operator, or with the process.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::{Error, Result};

use super::answer::{Shown, failure, page, wrong};
use super::form::{Form, Sent};
use super::frame::Frame;
use super::reader::Reader;

#[derive(Template)]
#[template(path = "site/setup.html")]
struct SetupPage {
    f: Frame,
    token: String,
    form: Form,
    is_done: bool,
}

/// The form.
pub(super) async fn show(reader: Reader, Path(token): Path<String>) -> Shown {
    if !is_open(&reader, &token).await? {
        return closed(&reader);
    }
    let f = Frame::new(&reader, reader.lang.t("setup-title"));
    page(&SetupPage { f, token, form: Form::new(reader.lang, []), is_done: false })
}

/// Makes the operator.
pub(super) async fn create(reader: Reader, Path(token): Path<String>, mut sent: Sent) -> Shown {
    if !is_open(&reader, &token).await? {
        return closed(&reader);
    }
    let form = Form::sent(reader.lang, &sent.0);
    let (login, password, name) = (sent.take("login"), sent.take_exact("password"), sent.take("name"));
    match reader.engine().operator_create_first(login, password, name).await {
        Ok(_) => {
            let f = Frame::new(&reader, reader.lang.t("setup-done-title"));
            page(&SetupPage { f, token, form, is_done: true })
        }
        // Somebody else was quicker.
        Err(Error::Conflict(_)) => closed(&reader),
        Err(error) => {
            let f = Frame::new(&reader, reader.lang.t("setup-title"));
            let form = form.refused(error)?;
            wrong(StatusCode::BAD_REQUEST, &SetupPage { f, token, form, is_done: false })
        }
    }
}

async fn is_open(reader: &Reader, token: &str) -> Result<bool> {
    let fits = reader.state.setup_token().is_some_and(|known| known == token);
    Ok(fits && reader.engine().operator_count().await? == 0)
}

fn closed(reader: &Reader) -> Shown {
    failure(reader, StatusCode::NOT_FOUND, "setup-closed", Vec::new())
}
