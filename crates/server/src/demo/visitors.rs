//! Visitors of the demo: where they live, what they browse with, when they are awake.

use std::net::{IpAddr, Ipv4Addr};

use whocpa_domain::area::AreaKind;

use super::dice::Dice;

/// A country whose people visit.
#[derive(Debug)]
pub struct Country {
    /// ISO 3166.
    pub iso: &'static str,
    /// The region's name in the network.
    pub name: &'static str,
    /// Hours from UTC, coarse.
    pub offset: i64,
    /// How many people there are, beside the other countries.
    pub weight: u64,
    /// `Accept-Language`.
    pub languages: &'static str,
    /// The first two numbers of address blocks that are given to networks of this country.
    pub blocks: [(u8, u8); 4],
}

const fn country(
    iso: &'static str,
    name: &'static str,
    offset: i64,
    weight: u64,
    languages: &'static str,
    blocks: [(u8, u8); 4],
) -> Country {
    Country { iso, name, offset, weight, languages, blocks }
}

const RU: &str = "ru-RU,ru;q=0.9,en;q=0.5";
const ES: &str = "es-419,es;q=0.9,en;q=0.5";
const EN: &str = "en-US,en;q=0.9";

/// All of them. The blocks belong wholly to their country (RIR data, as in `iptocc`), which a test checks.
#[rustfmt::skip]
pub const COUNTRIES: &[Country] = &[
    country("RU", "Russia",               3, 20, RU, [(31, 173), (85, 175), (109, 254), (188, 19)]),
    country("UA", "Ukraine",              2, 12, "uk-UA,uk;q=0.9,ru;q=0.6", [(37, 53), (46, 203), (95, 135), (178, 94)]),
    country("KZ", "Kazakhstan",           5,  7, "ru-KZ,ru;q=0.9,kk;q=0.7", [(2, 75), (2, 134), (92, 47), (176, 64)]),
    country("BY", "Belarus",              3,  4, "ru-BY,ru;q=0.9,be;q=0.6", [(37, 213), (46, 216), (178, 120), (178, 125)]),
    country("PL", "Poland",               1, 10, "pl-PL,pl;q=0.9,en;q=0.5", [(46, 113), (83, 8), (89, 77), (188, 47)]),
    country("CZ", "Czechia",              1,  5, "cs-CZ,cs;q=0.9,en;q=0.5", [(78, 80), (89, 103), (109, 248), (193, 86)]),
    country("RO", "Romania",              2,  6, "ro-RO,ro;q=0.9,en;q=0.5", [(79, 114), (86, 34), (92, 82), (141, 85)]),
    country("BG", "Bulgaria",             2,  4, "bg-BG,bg;q=0.9,en;q=0.5", [(77, 85), (79, 100), (94, 155), (130, 204)]),
    country("HU", "Hungary",              1,  4, "hu-HU,hu;q=0.9,en;q=0.5", [(80, 98), (86, 101), (147, 7), (188, 157)]),
    country("GR", "Greece",               2,  4, "el-GR,el;q=0.9,en;q=0.5", [(37, 6), (79, 131), (94, 67), (160, 40)]),
    country("DE", "Germany",              1, 14, "de-DE,de;q=0.9,en;q=0.6", [(53, 26), (80, 159), (94, 114), (164, 59)]),
    country("FR", "France",               1, 10, "fr-FR,fr;q=0.9,en;q=0.5", [(78, 118), (86, 242), (92, 155), (163, 104)]),
    country("ES", "Spain",                1,  9, "es-ES,es;q=0.9,en;q=0.5", [(62, 81), (83, 45), (88, 28), (176, 87)]),
    country("IT", "Italy",                1, 10, "it-IT,it;q=0.9,en;q=0.5", [(37, 101), (84, 33), (95, 227), (156, 54)]),
    country("PT", "Portugal",             0,  4, "pt-PT,pt;q=0.9,en;q=0.5", [(81, 84), (89, 152), (109, 50), (193, 136)]),
    country("NL", "Netherlands",          1,  5, "nl-NL,nl;q=0.9,en;q=0.7", [(80, 56), (129, 125), (145, 103), (188, 88)]),
    country("GB", "United Kingdom",       0, 10, "en-GB,en;q=0.9", [(25, 135), (57, 185), (92, 19), (159, 30)]),
    country("US", "United States",       -6, 16, EN, [(17, 109), (52, 216), (128, 25), (170, 160)]),
    country("CA", "Canada",              -5,  5, "en-CA,en;q=0.9,fr;q=0.5", [(69, 157), (132, 208), (142, 164), (174, 116)]),
    country("BR", "Brazil",              -3, 12, "pt-BR,pt;q=0.9,en;q=0.5", [(177, 109), (179, 223), (189, 79), (200, 179)]),
    country("MX", "Mexico",              -6,  9, ES, [(148, 250), (187, 202), (189, 178), (201, 113)]),
    country("CO", "Colombia",            -5,  6, ES, [(181, 50), (181, 241), (190, 66), (191, 107)]),
    country("PE", "Peru",                -5,  4, ES, [(179, 7), (190, 40), (190, 222), (200, 37)]),
    country("CL", "Chile",               -4,  4, ES, [(163, 250), (181, 212), (190, 46), (200, 72)]),
    country("AR", "Argentina",           -3,  5, ES, [(181, 5), (181, 111), (186, 141), (191, 81)]),
    country("IN", "India",                5, 14, "en-IN,en;q=0.9,hi;q=0.7", [(49, 40), (115, 99), (122, 98), (182, 70)]),
    country("ID", "Indonesia",            7, 10, "id-ID,id;q=0.9,en;q=0.5", [(36, 88), (39, 235), (114, 125), (180, 248)]),
    country("VN", "Vietnam",              7,  8, "vi-VN,vi;q=0.9,en;q=0.4", [(14, 183), (27, 76), (116, 96), (171, 234)]),
    country("TH", "Thailand",             7,  6, "th-TH,th;q=0.9,en;q=0.4", [(49, 229), (114, 109), (161, 200), (184, 82)]),
    country("PH", "Philippines",          8,  6, "en-PH,en;q=0.9,fil;q=0.7", [(49, 148), (112, 207), (122, 2), (180, 191)]),
    country("MY", "Malaysia",             8,  4, "ms-MY,ms;q=0.9,en;q=0.7", [(49, 124), (118, 100), (175, 140), (210, 19)]),
    country("TR", "Türkiye",              3,  8, "tr-TR,tr;q=0.9,en;q=0.4", [(46, 196), (85, 107), (95, 4), (178, 243)]),
    country("EG", "Egypt",                2,  5, "ar-EG,ar;q=0.9,en;q=0.5", [(45, 100), (105, 183), (156, 197), (197, 57)]),
    country("SA", "Saudi Arabia",         3,  4, "ar-SA,ar;q=0.9,en;q=0.6", [(9, 162), (51, 36), (95, 187), (178, 80)]),
    country("AE", "United Arab Emirates", 4,  3, "ar-AE,ar;q=0.9,en;q=0.8", [(5, 194), (78, 17), (94, 58), (176, 205)]),
    country("ZA", "South Africa",         2,  4, "en-ZA,en;q=0.9", [(41, 113), (105, 217), (164, 149), (197, 82)]),
    country("NG", "Nigeria",              1,  5, "en-NG,en;q=0.9", [(102, 90), (105, 114), (105, 122), (154, 113)]),
    country("KE", "Kenya",                3,  3, "en-KE,en;q=0.9,sw;q=0.7", [(102, 6), (105, 161), (154, 158), (197, 139)]),
    country("JP", "Japan",                9,  6, "ja-JP,ja;q=0.9,en;q=0.4", [(61, 116), (126, 122), (153, 253), (219, 117)]),
];

/// Visitors in each hour of the day where they live: nobody at four, everybody at nine in the evening.
const HOURS: [u64; 24] =
    [34, 22, 15, 11, 10, 13, 22, 36, 50, 60, 66, 70, 74, 72, 70, 71, 74, 79, 86, 94, 100, 98, 80, 54];

/// How awake a country is at this moment.
pub fn awake(country: &Country, at_ms: i64) -> u64 {
    let hour = (at_ms.div_euclid(3_600_000) + country.offset).rem_euclid(24);
    usize::try_from(hour).ok().and_then(|hour| HOURS.get(hour)).copied().unwrap_or(0)
}

#[rustfmt::skip]
const DESKTOP: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/136.0.0.0 Safari/537.36 OPR/120.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0",
];

#[rustfmt::skip]
const MOBILE: &[&str] = &[
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/135.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0",
    "Mozilla/5.0 (Linux; Android 14; SM-A546B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/136.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 13; M2101K6G) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/134.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 12; RMX3085) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/138.0.0.0 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; 23106RN0DA) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36",
];

const PLACES: &[&str] = &["feed", "story", "sidebar", "article", "top", "footer", "inpage", "clips"];
const PHRASES: &[&str] = &[
    "best price",
    "how to choose",
    "reviews",
    "order online",
    "compare",
    "near me",
    "discount",
    "free trial",
];

/// One visit as the browser sends it.
#[derive(Debug)]
pub struct Visitor {
    /// Where from.
    pub ip: IpAddr,
    /// `User-Agent`.
    pub ua: &'static str,
    /// `Referer`, empty for none.
    pub referer: String,
    /// `Accept-Language`.
    pub languages: &'static str,
    /// The raw query with the webmaster's labels.
    pub query: String,
}

/// A visitor from `country` who comes by a source of this kind and address.
pub fn visitor(dice: &mut Dice, country: &'static Country, kind: AreaKind, site: &str) -> Visitor {
    let (a, b) = country.blocks[dice.index(country.blocks.len())];
    // A quarter of each block, so that some people come again.
    let [.., c, d] = dice.between(0x100, 0x3fff).to_be_bytes();
    let mobile = match kind {
        AreaKind::Push | AreaKind::App | AreaKind::Social | AreaKind::Messenger | AreaKind::Video => 86,
        _ => 58,
    };
    let agents = if dice.percent(mobile) { MOBILE } else { DESKTOP };
    let iso = country.iso.to_ascii_lowercase();
    let campaign = dice.between(1, 6);
    let mut labels = vec![format!("subid1={iso}_{campaign:02}")];
    if dice.percent(80) {
        labels.push(format!("subid2=cr{}", 100 + campaign * 10 + dice.between(0, 7)));
    }
    if dice.percent(55) {
        labels.push(format!("subid3={}", dice.pick(PLACES).unwrap_or_default()));
    }
    if kind == AreaKind::Context && dice.percent(85) {
        labels.push(format!("keyword={}", dice.pick(PHRASES).unwrap_or_default().replace(' ', "+")));
    }
    Visitor {
        ip: IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
        ua: agents[dice.index(agents.len())],
        referer: referer(dice, kind, site),
        languages: country.languages,
        query: labels.join("&"),
    }
}

fn referer(dice: &mut Dice, kind: AreaKind, site: &str) -> String {
    match kind {
        AreaKind::Site => format!("{site}post/{}", dice.between(1, 240)),
        AreaKind::Social | AreaKind::Video if dice.percent(70) => site.to_owned(),
        AreaKind::Context => "https://www.seekwell.example/".to_owned(),
        AreaKind::Teaser => format!("https://news{}.teaserwall.example/", dice.between(1, 9)),
        _ => String::new(),
    }
}
