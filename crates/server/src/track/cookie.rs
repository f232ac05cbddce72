//! The first-party cookie that keeps a visitor's tid, one per offer.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use whocpa_domain::click::ClickReason;
use whocpa_engine::Engine;
use whocpa_engine::click::Tracked;

const PREFIX: &str = "tid_";
const DAY_SECONDS: i64 = 86_400;
/// Name of the cookie that counts how often a visitor was just sent to a traffic-back address.
const HOP: &str = "hop";
/// Seconds that it lives: longer than a round of redirects, shorter than a visitor's next decision.
const HOP_SECONDS: i64 = 10;
/// So often in that time a visitor is sent to traffic-back addresses; then he sees a page of the network.
pub const HOPS: u32 = 3;

/// `Set-Cookie` for a click on this offer. On HTTPS it also travels with the advertiser's page (pixels).
pub fn write(offer_id: i64, tid: &str, days: i64, is_https: bool) -> String {
    let site = if is_https { "SameSite=None; Secure" } else { "SameSite=Lax" };
    let seconds = days.saturating_mul(DAY_SECONDS);
    format!("{PREFIX}{offer_id}={tid}; Path=/; Max-Age={seconds}; HttpOnly; {site}")
}

/// The cookie of a click, unless an earlier one of this offer stays; of one that is led elsewhere, the count of that.
pub fn of_click(engine: &Engine, headers: &HeaderMap, tracked: &Tracked, is_https: bool) -> Option<String> {
    let stays = || read(headers, Some(tracked.offer_id)).is_some_and(|tid| engine.tid_fits(&tid));
    if tracked.reason != ClickReason::Sent {
        return tracked.location.is_some().then(|| hop(hops(headers) + 1));
    }
    if tracked.keeps_first && stays() {
        return None;
    }
    Some(write(tracked.offer_id, &tracked.tid, tracked.cookie_ttl_days, is_https))
}

/// Whether the visitor clicked on any offer before, as far as his cookies tell.
pub fn is_there(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.any(|line| line.split(';').any(|pair| pair.trim_start().starts_with(PREFIX)))
}

/// `Set-Cookie` for a visitor who is sent to a traffic-back address for the `count`th time.
pub fn hop(count: u32) -> String {
    format!("{HOP}={count}; Path=/; Max-Age={HOP_SECONDS}; HttpOnly; SameSite=Lax")
}

/// How often the visitor was sent to traffic-back addresses in the last seconds. One who forges it is shown a page.
pub fn hops(headers: &HeaderMap) -> u32 {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let counts = pairs.filter(|(name, _)| *name == HOP).filter_map(|(_, count)| count.parse().ok());
    counts.max().unwrap_or(0)
}

/// The tid of this offer, or of the only offer that the visitor has one of.
pub fn read(headers: &HeaderMap, offer_id: Option<i64>) -> Option<String> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut tids = lines.flat_map(|line| line.split(';')).filter_map(|pair| {
        let (name, tid) = pair.trim().split_once('=')?;
        let id: i64 = name.strip_prefix(PREFIX)?.parse().ok()?;
        offer_id.is_none_or(|wanted| wanted == id).then(|| tid.to_owned())
    });
    let first = tids.next()?;
    tids.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let cookie = write(5, "abc", 30, false);
        assert_eq!(cookie, "tid_5=abc; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax");
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, "x=1; tid_5=abc; tid_6=def".parse().expect("a header value"));
        assert!(is_there(&headers) && !is_there(&HeaderMap::new()));
        assert_eq!(hops(&headers), 0);
        headers.append(COOKIE, "hop=2".parse().expect("a header value"));
        assert_eq!(hops(&headers), 2);
        headers.remove(COOKIE);
        headers.insert(COOKIE, "x=1; tid_5=abc; tid_6=def".parse().expect("a header value"));
        assert_eq!(read(&headers, Some(5)).as_deref(), Some("abc"));
        assert_eq!(read(&headers, Some(7)), None);
        assert_eq!(read(&headers, None), None, "two offers: nobody can tell which");
    }
}
