//! Who reads a page, in which language, and how he likes it to look: found once for each request.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::tz::TimeZone;
use whocpa_domain::{Error, Level, Result};
use whocpa_engine::session::{SignInFrom, Visitor};
use whocpa_engine::{Caller, Engine};

use super::answer::Failed;
use super::cookies::{self, Look};
use crate::i18n::Lang;
use crate::limits::{Kind, Refused, counted};
use crate::state::AppState;
use crate::track::client_ip;

/// Pages that have their language in the account instead of the address.
const OWN_PAGES: [&str; 5] = ["/account", "/pub", "/adv", "/operator", "/view"];

/// Who reads.
pub(super) struct Asked {
    pub state: AppState,
    pub lang: Lang,
    /// Address of the page without its language.
    pub path: String,
    /// The query as it came.
    pub query: String,
    pub look: Look,
    pub visitor: Option<Visitor>,
    pub from: SignInFrom,
}

/// The same, shared by all who handle the request.
#[derive(Clone)]
pub(super) struct Reader(pub Arc<Asked>);

impl Deref for Reader {
    type Target = Asked;
    fn deref(&self) -> &Asked {
        &self.0
    }
}

impl Asked {
    pub fn engine(&self) -> &Engine {
        &self.state.engine
    }

    /// As operations take him; a guest where nobody is signed in.
    pub fn caller(&self) -> Caller {
        self.visitor.as_ref().map_or(Caller::GUEST, |visitor| visitor.caller)
    }

    /// His clock.
    pub fn zone(&self) -> TimeZone {
        let zone = self.visitor.as_ref().and_then(|visitor| TimeZone::get(&visitor.time_zone).ok());
        zone.unwrap_or(TimeZone::UTC)
    }

    /// Where his own cabinet is.
    pub fn cabinet(&self) -> &'static str {
        cabinet_of(self.caller().level)
    }

    /// A page's address in the reader's language.
    pub fn to(&self, path: &str) -> String {
        let is_own = OWN_PAGES.iter().any(|start| path.starts_with(start)) || path == "/sign-out";
        if is_own { path.to_owned() } else { format!("{}{path}", self.lang.prefix()) }
    }

    /// A value of the query.
    pub fn asked(&self, name: &str) -> Option<String> {
        let mut pairs = form_urlencoded::parse(self.query.as_bytes());
        pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }
}

/// Under which address the pages of a cabinet are.
pub(super) fn cabinet_of(level: Level) -> &'static str {
    match level {
        Level::Guest => "",
        Level::Webmaster => "/pub",
        Level::Advertiser => "/adv",
        Level::Operator => "/operator",
    }
}

/// Where this person's own pages begin.
pub(super) fn home_of(level: Level) -> &'static str {
    match level {
        Level::Guest => "/",
        Level::Webmaster => "/pub",
        Level::Advertiser => "/adv",
        Level::Operator => "/operator",
    }
}

/// Reads who asks.
pub(super) async fn read(state: &AppState, request: &Parts) -> Result<Reader> {
    let headers = &request.headers;
    let peer = request.extensions.get::<ConnectInfo<SocketAddr>>();
    let ip = peer.map(|peer| client_ip(peer.0, headers, &state.config.trusted_proxies));
    let token = cookies::read(headers, &cookies::session_name(state)).unwrap_or_default();
    let visitor = if token.is_empty() { None } else { state.engine.session_visitor(&token, ip).await? };
    let (of_path, rest) = Lang::of_path(request.uri.path());
    let is_own = OWN_PAGES.iter().any(|start| rest.starts_with(start));
    let lang = match &visitor {
        Some(visitor) if is_own => Lang::of_code(&visitor.language),
        _ => of_path,
    };
    let shown = counted(ip.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
    let from = SignInFrom {
        ip,
        counted: shown.to_string(),
        agent: text(headers, &header::USER_AGENT),
        device: cookies::read(headers, &cookies::device_name(state)).unwrap_or_default(),
    };
    Ok(Reader(Arc::new(Asked {
        lang,
        path: if rest.is_empty() { "/".to_owned() } else { rest.to_owned() },
        query: request.uri.query().unwrap_or_default().to_owned(),
        look: Look::read(headers),
        visitor,
        from,
        state: state.clone(),
    })))
}

/// Counts a request for its reader.
///
/// # Errors
/// One too many.
pub(super) fn count(reader: &Reader, method: &Method) -> Result<(), Refused> {
    let is_read = [Method::GET, Method::HEAD].contains(method);
    let kind = if is_read { Kind::Read } else { Kind::Write };
    let limiter = &reader.state.limiter;
    let ip = reader.from.ip.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let counted = match &reader.visitor {
        // Sessions are told from keys by their sign.
        Some(visitor) => limiter.key(-visitor.caller.origin.session_id, visitor.caller.user_id, kind),
        None => limiter.guest(ip, kind),
    };
    counted.map(drop)
}

fn text(headers: &HeaderMap, name: &header::HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

impl FromRequestParts<AppState> for Reader {
    type Rejection = Failed;
    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Failed> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| Failed(Error::Internal("a page without its reader".to_owned())))
    }
}

/// A reader who is signed in with this level; for others the page is nowhere.
pub(super) struct Of<const LEVEL: u8>(pub Signed);
/// A webmaster.
pub(super) type Webmaster = Of<{ Level::Webmaster as u8 }>;
/// An advertiser.
pub(super) type Advertiser = Of<{ Level::Advertiser as u8 }>;
/// One of those who run the network.
pub(super) type Operator = Of<{ Level::Operator as u8 }>;

impl<const LEVEL: u8> Deref for Of<LEVEL> {
    type Target = Signed;
    fn deref(&self) -> &Signed {
        &self.0
    }
}

impl<const LEVEL: u8> FromRequestParts<AppState> for Of<LEVEL> {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let signed = Signed::from_request_parts(parts, state).await?;
        if signed.caller().level as u8 == LEVEL {
            Ok(Self(signed))
        } else {
            Err(Failed(Error::NotFound).into_response())
        }
    }
}

/// A reader who is signed in.
pub(super) struct Signed(pub Reader);

impl Deref for Signed {
    type Target = Reader;
    fn deref(&self) -> &Reader {
        &self.0
    }
}

impl FromRequestParts<AppState> for Signed {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let reader = Reader::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        if reader.visitor.is_some() {
            return Ok(Self(reader));
        }
        let back = if parts.method == Method::GET { parts.uri.to_string() } else { String::new() };
        let query: String =
            form_urlencoded::Serializer::new(String::new()).append_pair("next", &back).finish();
        Err(Redirect::to(&format!("{}?{query}", reader.to("/sign-in"))).into_response())
    }
}
