//! The cookies of the site: who is signed in, which browser it is, how the pages are to look.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

use crate::state::AppState;

/// Seconds that a browser's mark and its taste are kept: a year.
const YEAR: i64 = 365 * 86_400;

/// Whether cookies may be asked to travel on HTTPS only.
fn is_https(state: &AppState) -> bool {
    state.config.base_url.starts_with("https://")
}

fn name(state: &AppState, plain: &str) -> String {
    // No other host and no other path can set or overwrite a cookie of this name.
    if is_https(state) { format!("__Host-{plain}") } else { plain.to_owned() }
}

/// Name of the cookie with the token of a session.
pub(super) fn session_name(state: &AppState) -> String {
    name(state, "session")
}

/// Name of the cookie with the token of a session that waits for a code.
pub(super) fn code_name(state: &AppState) -> String {
    name(state, "code")
}

/// Name of the cookie with the mark of a browser in which somebody signed in.
pub(super) fn device_name(state: &AppState) -> String {
    name(state, "device")
}

/// The value of a cookie.
pub(super) fn read(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

/// `Set-Cookie` of a secret: not for scripts, not for requests that other sites begin, but for links that lead here.
pub(super) fn secret(state: &AppState, name: &str, value: &str, seconds: i64) -> Option<HeaderValue> {
    let secure = if is_https(state) { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::try_from(text).ok()
}

/// `Set-Cookie` of a browser's mark.
pub(super) fn device(state: &AppState, value: &str) -> Option<HeaderValue> {
    secret(state, &device_name(state), value, YEAR)
}

/// How the pages are to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Look {
    /// `light`, `dark`, or empty for what the reader's system says.
    pub theme: &'static str,
    /// `compact` or empty.
    pub density: &'static str,
}

impl Look {
    const THEMES: [&'static str; 2] = ["light", "dark"];

    /// As the cookies say.
    pub fn read(headers: &HeaderMap) -> Self {
        Self::of(
            read(headers, "theme").unwrap_or_default().as_str(),
            read(headers, "density").unwrap_or_default().as_str(),
        )
    }

    fn of(theme: &str, density: &str) -> Self {
        let theme = Self::THEMES.into_iter().find(|known| *known == theme).unwrap_or_default();
        Self { theme, density: if density == "compact" { "compact" } else { "" } }
    }

    /// With what a form asks for; what it does not name stays.
    pub fn with(self, theme: Option<&str>, density: Option<&str>) -> Self {
        Self::of(theme.unwrap_or(self.theme), density.unwrap_or(self.density))
    }

    /// `Set-Cookie` lines that keep it.
    pub fn cookies(self, state: &AppState) -> Vec<HeaderValue> {
        let kept = [("theme", self.theme), ("density", self.density)];
        kept.into_iter().filter_map(|(name, value)| secret(state, name, value, YEAR)).collect()
    }
}
