//! How the pages are to look: light or dark, wide or dense. It is the browser's, so it works without an account.

use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse as _, Redirect};
use whocpa_engine::profile::ProfileUpdate;

use super::answer::Shown;
use super::form::Sent;
use super::reader::Reader;
use super::sign_in::inside;

/// Takes `theme`, `density` or `language`, and leads back to `back`.
pub(super) async fn update(reader: Reader, mut sent: Sent) -> Shown {
    let (theme, density) = (sent.0.take_text("theme"), sent.0.take_text("density"));
    let look = reader.look.with(theme.as_deref(), density.as_deref());
    let back = inside(&sent.take("back")).unwrap_or_else(|| "/".to_owned());
    let caller = reader.caller();
    if reader.visitor.is_some() && sent.0.names().any(|name| name == "language") {
        let input: ProfileUpdate = sent.0.read()?;
        reader.engine().profile_update(caller, caller.user_id, input).await?;
    }
    let mut response = Redirect::to(&back).into_response();
    let cookies = look.cookies(&reader.state).into_iter();
    response.headers_mut().extend(cookies.map(|cookie| (SET_COOKIE, cookie)));
    Ok(response)
}
