//! A person's own account, whatever his level: his card, his password, second factor and sessions, his keys.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use whocpa_domain::Error;
use whocpa_domain::role::Right;
use whocpa_engine::key::{KeyCreate, KeyView};
use whocpa_engine::profile::{ProfileUpdate, ProfileView};
use whocpa_engine::session::SessionView;

use super::answer::{Shown, done, page, wrong};
use super::form::{Form, Sent};
use super::frame::Frame;
use super::letters;
use super::reader::Signed;
use crate::i18n::Lang;

#[derive(Template)]
#[template(path = "site/account.html")]
struct AccountPage {
    f: Frame,
    form: Form,
    profile: ProfileView,
    languages: Vec<(String, String)>,
    zones: Vec<(String, String)>,
    choices: Vec<letters::Line>,
    sends_letters: bool,
}

impl AccountPage {
    fn new(reader: &Signed, form: Form, profile: ProfileView) -> Self {
        let languages = Lang::ALL.map(|lang| (lang.tag().to_owned(), lang.title().to_owned())).to_vec();
        let f = Frame::own(reader, reader.lang.t("account-title"));
        let choices = letters::choices(reader.lang, &profile);
        let sends_letters = reader.engine().sends_letters();
        Self { f, form, profile, languages, zones: zones(), choices, sends_letters }
    }
}

/// Zones of places, and UTC.
fn zones() -> Vec<(String, String)> {
    const PLACES: [&str; 8] =
        ["Europe/", "Asia/", "America/", "Africa/", "Australia/", "Pacific/", "Atlantic/", "Indian/"];
    let all = jiff::tz::db().available().map(|name| name.to_string());
    let mut names: Vec<String> =
        all.filter(|name| PLACES.iter().any(|place| name.starts_with(place))).collect();
    names.sort();
    names.insert(0, "UTC".to_owned());
    names.into_iter().map(|name| (name.clone(), name)).collect()
}

async fn profile(reader: &Signed) -> Result<ProfileView, Error> {
    let caller = reader.caller();
    reader.engine().profile_view(caller, caller.user_id).await
}

/// The card.
pub(super) async fn show(reader: Signed) -> Shown {
    let profile = profile(&reader).await?;
    let values = [
        ("name", profile.name.clone()),
        ("email", profile.email.clone()),
        ("telegram", profile.telegram.clone()),
        ("phone", profile.phone.clone()),
        ("site", profile.site.clone()),
        ("language", profile.language.clone()),
        ("time_zone", profile.time_zone.clone()),
    ];
    let form = Form::new(reader.lang, values);
    page(&AccountPage::new(&reader, form, profile))
}

/// Changes the card.
pub(super) async fn update(reader: Signed, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    match change(&reader, sent).await {
        Ok(()) => Ok(done(&reader, "/account", "saved")),
        Err(error) => {
            let form = form.refused(error)?;
            wrong(StatusCode::BAD_REQUEST, &AccountPage::new(&reader, form, profile(&reader).await?))
        }
    }
}

async fn change(reader: &Signed, sent: Sent) -> Result<(), Error> {
    let caller = reader.caller();
    let input: ProfileUpdate = sent.without_empty("current_password").0.read()?;
    reader.engine().profile_update(caller, caller.user_id, input).await
}

#[derive(Template)]
#[template(path = "site/security.html")]
struct SecurityPage {
    f: Frame,
    form: Form,
    sessions: Vec<SessionView>,
    is_on: bool,
    recovery_count: u64,
    /// Recovery codes that were just made: they are shown this once.
    codes: Vec<String>,
}

async fn security_page(reader: &Signed, form: Form, codes: Vec<String>) -> Result<SecurityPage, Error> {
    let caller = reader.caller();
    let factor = reader.engine().second_factor_view(caller).await?;
    Ok(SecurityPage {
        f: Frame::own(reader, reader.lang.t("security-title")),
        form,
        sessions: reader.engine().session_list(caller).await?,
        is_on: factor.is_on,
        recovery_count: factor.recovery_count,
        codes,
    })
}

/// Password, second factor, sessions.
pub(super) async fn security(reader: Signed) -> Shown {
    let form = Form::new(reader.lang, []);
    page(&security_page(&reader, form, Vec::new()).await?)
}

/// A new password: all other sessions are over, and API keys are revoked unless they are to stay.
pub(super) async fn password(reader: Signed, mut sent: Sent) -> Shown {
    let form = Form::new(reader.lang, []);
    let revokes_keys = sent.take("revoke_keys") == "1";
    let changed = async {
        let input: ProfileUpdate = sent.without_empty("current_password").0.read()?;
        reader.engine().password_update(reader.caller(), input, revokes_keys).await
    };
    match changed.await {
        Ok(()) if revokes_keys => Ok(done(&reader, "/account/security", "password-keys")),
        Ok(()) => Ok(done(&reader, "/account/security", "password")),
        Err(error) => again(&reader, form.refused(error)?).await,
    }
}

async fn again(reader: &Signed, form: Form) -> Shown {
    wrong(StatusCode::BAD_REQUEST, &security_page(reader, form, Vec::new()).await?)
}

/// Ends one session.
pub(super) async fn session_delete(reader: Signed, Path(id): Path<i64>) -> Shown {
    let caller = reader.caller();
    reader.engine().session_delete(caller, id).await?;
    if id == caller.origin.session_id {
        return Ok(Redirect::to(&reader.to("/sign-in")).into_response());
    }
    Ok(done(&reader, "/account/security", "session-ended"))
}

/// Ends all sessions but this one.
pub(super) async fn session_delete_others(reader: Signed) -> Shown {
    reader.engine().session_delete_others(reader.caller()).await?;
    Ok(done(&reader, "/account/security", "sessions-ended"))
}

#[derive(Template)]
#[template(path = "site/factor.html")]
struct FactorPage {
    f: Frame,
    form: Form,
    secret: String,
    qr: String,
}

/// A new secret for an app.
pub(super) async fn factor_create(reader: Signed, mut sent: Sent) -> Shown {
    let form = Form::new(reader.lang, []);
    match reader.engine().second_factor_create(reader.caller(), &sent.take_exact("password")).await {
        Ok(_) => Ok(Redirect::to("/account/security/app").into_response()),
        Err(error) => again(&reader, form.refused(renamed(error))?).await,
    }
}

/// The secret, as a picture and in letters.
pub(super) async fn factor_show(reader: Signed) -> Shown {
    factor_page(&reader, Form::new(reader.lang, []), StatusCode::OK).await
}

async fn factor_page(reader: &Signed, form: Form, status: StatusCode) -> Shown {
    let Some(enrolment) = reader.engine().second_factor_pending(reader.caller()).await? else {
        return Ok(Redirect::to("/account/security").into_response());
    };
    let f = Frame::own(reader, reader.lang.t("factor-title"));
    let qr = super::qr::path(&enrolment.uri)?;
    wrong(status, &FactorPage { f, form, secret: enrolment.secret, qr })
}

/// The app's first code: from now on codes are asked for.
pub(super) async fn factor_confirm(reader: Signed, mut sent: Sent) -> Shown {
    let form = Form::new(reader.lang, []);
    match reader.engine().second_factor_confirm(reader.caller(), &sent.take("code")).await {
        Ok(codes) => page(&security_page(&reader, form, codes).await?),
        Err(error) => factor_page(&reader, form.refused(error)?, StatusCode::BAD_REQUEST).await,
    }
}

/// New recovery codes.
pub(super) async fn factor_renew(reader: Signed, mut sent: Sent) -> Shown {
    let form = Form::new(reader.lang, []);
    match reader.engine().second_factor_renew(reader.caller(), &sent.take_exact("password")).await {
        Ok(codes) => page(&security_page(&reader, form, codes).await?),
        Err(error) => again(&reader, form.refused(renamed(error))?).await,
    }
}

/// Codes are asked for no more.
pub(super) async fn factor_delete(reader: Signed, mut sent: Sent) -> Shown {
    let form = Form::new(reader.lang, []);
    match reader.engine().second_factor_delete(reader.caller(), &sent.take_exact("password")).await {
        Ok(()) => Ok(done(&reader, "/account/security", "factor-off")),
        Err(error) => again(&reader, form.refused(renamed(error))?).await,
    }
}

/// The page has a field for a new password too.
fn renamed(error: Error) -> Error {
    match error {
        Error::Invalid(errors) => {
            let texts = errors.messages().values().flatten().cloned().collect::<Vec<_>>().join(" ");
            Error::field("factor_password", texts)
        }
        other => other,
    }
}

#[derive(Template)]
#[template(path = "site/keys.html")]
struct KeysPage {
    f: Frame,
    form: Form,
    profile_key: String,
    profile_key_id: i64,
    keys: Vec<KeyView>,
    /// The key that was just made: it is shown this once.
    made: String,
    rights: Vec<(String, String)>,
    reference: &'static str,
}

impl KeysPage {
    /// What a key may be used for, in words.
    fn rights_words(&self, rights: &[Right]) -> String {
        let last = rights.last().map_or("read", |right| right.name());
        self.f.t(&format!("rights-{last}"))
    }
}

async fn keys_page(reader: &Signed, form: Form, made: String) -> Result<KeysPage, Error> {
    let caller = reader.caller();
    let rights = [("read", "read"), ("read,write", "write"), ("read,write,money", "money")];
    let mut keys = reader.engine().key_list(caller).await?;
    keys.retain(|key| key.date_revoked.is_none());
    let is_profile = |key: &KeyView| key.kind == whocpa_domain::user::KeyKind::Profile;
    let profile_key_id = keys.iter().find(|key| is_profile(key)).map_or(0, |key| key.id);
    keys.retain(|key| !is_profile(key));
    Ok(KeysPage {
        f: Frame::own(reader, reader.lang.t("keys-title")),
        form,
        profile_key: reader.engine().profile_key(caller.user_id).await?,
        profile_key_id,
        keys,
        made,
        rights: rights.map(|(code, key)| (code.to_owned(), reader.lang.t(&format!("rights-{key}")))).to_vec(),
        reference: caller.level.segment(),
    })
}

/// His keys.
pub(super) async fn keys(reader: Signed) -> Shown {
    page(&keys_page(&reader, Form::new(reader.lang, []), String::new()).await?)
}

/// Another key.
pub(super) async fn key_create(reader: Signed, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let input: KeyCreate = sent.given().0.read()?;
        reader.engine().key_create(reader.caller(), input).await
    };
    match made.await {
        Ok(made) => page(&keys_page(&reader, Form::new(reader.lang, []), made.key).await?),
        Err(error) => {
            wrong(StatusCode::BAD_REQUEST, &keys_page(&reader, form.refused(error)?, String::new()).await?)
        }
    }
}

/// A key opens nothing any more.
pub(super) async fn key_delete(reader: Signed, Path(id): Path<i64>) -> Shown {
    reader.engine().key_delete(reader.caller(), id).await?;
    Ok(done(&reader, "/account/keys", "key-revoked"))
}
