//! What a user agent says: read once, remembered for all who send the same.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use whocpa_domain::Result;
use whocpa_domain::facts::{Agent, DeviceKind};
use woothee::parser::{Parser, WootheeResult};

use super::crawler::Crawlers;

/// Bytes that the cache may hold, about.
const CACHE_BYTES: u64 = 16 << 20;
/// Bytes of an entry beside the user agent itself.
const ENTRY_BYTES: u64 = 320;
/// A longer user agent is read as often as it comes; few browsers' are longer than 300.
const CACHED_LENGTH: usize = 1000;

/// User agents as read before.
pub(super) struct Agents {
    cache: Cache<String, Arc<Agent>, Weight>,
    crawlers: Crawlers,
    nothing: Arc<Agent>,
}

#[derive(Clone)]
struct Weight;

impl Weighter<String, Arc<Agent>> for Weight {
    fn weight(&self, ua: &String, _: &Arc<Agent>) -> u64 {
        u64::try_from(ua.len()).unwrap_or(u64::MAX).saturating_add(ENTRY_BYTES)
    }
}

impl Agents {
    pub fn new() -> Result<Self> {
        let entries = usize::try_from(CACHE_BYTES / (ENTRY_BYTES + 120)).unwrap_or(0);
        let cache = Cache::with_weighter(entries, CACHE_BYTES, Weight);
        Ok(Self { cache, crawlers: Crawlers::new()?, nothing: Arc::default() })
    }

    /// What this user agent says.
    pub fn read(&self, ua: &str) -> Arc<Agent> {
        if ua.is_empty() {
            return Arc::clone(&self.nothing);
        }
        if ua.len() > CACHED_LENGTH {
            return Arc::new(self.parse(ua));
        }
        if let Some(known) = self.cache.get(ua) {
            return known;
        }
        let agent = Arc::new(self.parse(ua));
        self.cache.insert(ua.to_owned(), Arc::clone(&agent));
        agent
    }

    fn parse(&self, ua: &str) -> Agent {
        let found = Parser::new().parse(ua);
        let is_crawler =
            found.as_ref().is_some_and(|found| found.category == "crawler") || self.crawlers.knows(ua);
        let Some(found) = found else { return Agent { is_crawler, ..Agent::default() } };
        let (os, os_version) = system(&found);
        Agent {
            device: device(&found, ua),
            os,
            os_version,
            browser: known(found.name),
            browser_version: known(found.version),
            is_crawler,
        }
    }
}

/// The parser's word for what it does not know is no name.
fn known(word: &str) -> String {
    if word == "UNKNOWN" { String::new() } else { word.to_owned() }
}

/// Operating system and version under the names that people use.
fn system(found: &WootheeResult<'_>) -> (String, String) {
    match found.os {
        "iPhone" | "iPad" | "iPod" => ("iOS".to_owned(), known(&found.os_version)),
        "Mac OSX" => ("macOS".to_owned(), known(&found.os_version)),
        // `NT 6.1` is what `Windows 7` calls itself to programs.
        name => match name.strip_prefix("Windows ") {
            Some(version) if !version.starts_with("Phone") => {
                let version = if version.starts_with("UNKNOWN") { "" } else { version };
                ("Windows".to_owned(), version.to_owned())
            }
            _ => (known(name), known(&found.os_version)),
        },
    }
}

/// The parser knows phones from computers; tablets and television sets say so in words of their own.
fn device(found: &WootheeResult<'_>, ua: &str) -> DeviceKind {
    const TELEVISIONS: [&str; 9] = [
        "SmartTV",
        "SMART-TV",
        "Smart-TV",
        "AppleTV",
        "GoogleTV",
        "Android TV",
        "BRAVIA",
        "HbbTV",
        "Tizen TV",
    ];
    if TELEVISIONS.iter().any(|word| ua.contains(word)) {
        return DeviceKind::Television;
    }
    match (found.category, found.os) {
        (_, "iPad") => DeviceKind::Tablet,
        (_, "Android") if !ua.contains("Mobile") => DeviceKind::Tablet,
        ("smartphone" | "mobilephone", _) => DeviceKind::Phone,
        ("pc", _) => DeviceKind::Desktop,
        ("appliance", _) => DeviceKind::Television,
        _ => DeviceKind::Other,
    }
}

/// What people send: user agent, device, system, its version, browser.
#[cfg(test)]
#[rustfmt::skip]
pub(super) const BROWSERS: [(&str, DeviceKind, &str, &str, &str); 12] = [
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36", DeviceKind::Desktop, "Windows", "10", "Chrome"),
    ("Mozilla/5.0 (Windows NT 6.1; Win64; x64; rv:109.0) Gecko/20100101 Firefox/115.0", DeviceKind::Desktop, "Windows", "7", "Firefox"),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15", DeviceKind::Desktop, "macOS", "10.15.7", "Safari"),
    ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36", DeviceKind::Desktop, "Linux", "", "Chrome"),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0", DeviceKind::Desktop, "Windows", "10", "Edge"),
    ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36", DeviceKind::Phone, "Android", "10", "Chrome"),
    ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36", DeviceKind::Phone, "Android", "10", "SamsungBrowser"),
    ("Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/136.0.0.0 Safari/537.36", DeviceKind::Tablet, "Android", "14", "Chrome"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1", DeviceKind::Phone, "iOS", "18.5", "Safari"),
    ("Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1", DeviceKind::Tablet, "iOS", "18.5", "Safari"),
    ("Mozilla/5.0 (Linux; Android 12; BRAVIA 4K UR3 Build/STT3) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36", DeviceKind::Television, "Android", "12", "Chrome"),
    ("Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36", DeviceKind::Phone, "Android", "9", "Chrome"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_known_and_robots_are_told_apart() {
        let agents = Agents::new().expect("the lists");
        for (ua, device, os, version, browser) in BROWSERS {
            let agent = agents.read(ua);
            let found = (agent.device, &*agent.os, &*agent.os_version, &*agent.browser, agent.is_crawler);
            assert_eq!(found, (device, os, version, browser, false), "{ua}");
            assert!(Arc::ptr_eq(&agent, &agents.read(ua)), "it is read once");
        }
        for robot in ["Googlebot/2.1 (+http://www.google.com/bot.html)", "curl/8.5.0", "python-requests/2.31"]
        {
            assert!(agents.read(robot).is_crawler, "{robot}");
        }
        assert_eq!(*agents.read(""), Agent::default());
    }

    #[test]
    fn the_cache_stays_within_its_memory() {
        let agents = Agents::new().expect("the lists");
        for number in 0..60_000 {
            agents.read(&format!("Mozilla/5.0 ({number}; {})", "x".repeat(500)));
        }
        assert!(agents.cache.weight() <= CACHE_BYTES, "{}", agents.cache.weight());
        let long = "y".repeat(CACHED_LENGTH + 1);
        assert!(!Arc::ptr_eq(&agents.read(&long), &agents.read(&long)));
    }
}
