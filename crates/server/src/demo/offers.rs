//! The demo's market: categories, advertisers and their offers. All of it is invented.

use std::collections::BTreeSet;

use super::visitors::COUNTRIES;

/// Categories, in English and in Russian.
pub const CATEGORIES: [(&str, &str); 12] = [
    ("Health and nutrition", "Здоровье и питание"),
    ("Beauty and care", "Красота и уход"),
    ("Loans and credit", "Займы и кредиты"),
    ("Bank cards", "Банковские карты"),
    ("Insurance", "Страхование"),
    ("Gambling and betting", "Азартные игры и ставки"),
    ("Dating", "Знакомства"),
    ("Online shops", "Интернет-магазины"),
    ("Mobile applications", "Мобильные приложения"),
    ("Online games", "Онлайн-игры"),
    ("Education", "Образование"),
    ("Travel", "Путешествия"),
];

/// Advertisers: login, name, host of their pages.
pub const COMPANIES: [(&str, &str, &str); 10] = [
    ("lumovita", "Lumovita Labs", "lumovita.example"),
    ("vireola", "Vireola Naturals", "vireola.example"),
    ("kredonix", "Kredonix Finance", "kredonix.example"),
    ("ombrella", "Ombrella Cover", "ombrella.example"),
    ("palizio", "Palizio Play", "palizio.example"),
    ("moonbriza", "Moonbriza Social", "moonbriza.example"),
    ("nordgata", "Nordgata Bazaar", "nordgata.example"),
    ("pixelfjord", "Pixelfjord Studio", "pixelfjord.example"),
    ("skylarnia", "Skylarnia Academy", "skylarnia.example"),
    ("wayfaro", "Wayfaro Lane", "wayfaro.example"),
];

/// An offer before it is made.
#[derive(Debug)]
pub struct Plan {
    /// Index in [`COMPANIES`].
    pub company: usize,
    /// Index in [`CATEGORIES`].
    pub category: usize,
    /// Name.
    pub name: &'static str,
    /// What the advertiser pays: `USD 24.00`, or `EUR 12%` of the sale.
    pub pay: &'static str,
    /// ISO codes of its countries.
    pub countries: &'static str,
    /// Days of hold.
    pub hold: i64,
    /// Clicks in a million that become an action.
    pub cr_ppm: u32,
    /// Actions in a hundred that are approved.
    pub approved: u32,
}

/// `(company, category, name, pay, countries, hold, cr_ppm, approved)`
type Row = (usize, usize, &'static str, &'static str, &'static str, i64, u32, u32);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    (0, 0,  "Articulin Gel",            "USD 24.00",   "RO BG HU GR PL CZ",    7,  21_000, 46),
    (0, 0,  "Slimora Drops",            "EUR 31.00",   "IT ES PT FR",         10,  18_000, 41),
    (0, 0,  "Cardivelle Capsules",      "USD 18.00",   "RU KZ BY",             7,  27_000, 52),
    (0, 0,  "Vistaclar Complex",        "USD 21.50",   "MX CO PE CL AR",       7,  22_000, 44),
    (0, 0,  "Glukofine",                "USD 16.00",   "IN ID PH MY TH VN",    5,  26_000, 38),
    (0, 0,  "Sommarin Sleep Spray",     "EUR 28.00",   "DE NL FR",            14,  14_000, 57),
    (1, 1,  "Dermavelle Serum",         "EUR 27.00",   "ES IT PT GR",         10,  19_000, 48),
    (1, 1,  "Fioritta Lash Kit",        "UAH 620.00",  "UA",                   7,  24_000, 61),
    (1, 1,  "Hairess Tonic",            "PLN 92.00",   "PL",                   7,  20_000, 54),
    (1, 1,  "Lumiskin Night Cream",     "USD 19.00",   "TR EG SA AE",          7,  23_000, 42),
    (1, 0,  "Detoxelle Tea",            "USD 15.50",   "PE CO CL EG NG KE",    7,  25_000, 40),
    (2, 2,  "Kredonix Fast Loan",       "RUB 1450.00", "RU",                   3,  38_000, 63),
    (2, 2,  "Kredonix Credit Line",     "UAH 540.00",  "UA",                   3,  36_000, 60),
    (2, 2,  "Peso Pronto",              "USD 9.50",    "MX CO PE",             5,  34_000, 55),
    (2, 2,  "Tengrado Microloan",       "KZT 5200.00", "KZ",                   3,  37_000, 58),
    (2, 3,  "Kredonix Blue Card",       "RUB 2100.00", "RU",                  21,  16_000, 47),
    (2, 3,  "Lendora Student Card",     "PLN 140.00",  "PL",                  30,  11_000, 44),
    (2, 2,  "Rupaya Salary Advance",    "INR 480.00",  "IN",                   5,  33_000, 51),
    (3, 4,  "Ombrella Motor Policy",    "EUR 42.00",   "DE FR NL",            21,   9_000, 66),
    (3, 4,  "Ombrella Travel Cover",    "EUR 9%",      "DE ES IT FR PL CZ",   30,  12_000, 78),
    (3, 4,  "Home Harbour Quote",       "GBP 17.00",   "GB",                  14,  13_000, 59),
    (3, 4,  "Pet Parasol Plan",         "USD 26.00",   "US CA",               14,  12_000, 62),
    (4, 5,  "Palizio Slots",            "EUR 85.00",   "DE CZ HU PT GR",      14,   9_500, 68),
    (4, 5,  "Palizio Sports",           "BRL 240.00",  "BR",                  14,  11_000, 64),
    (4, 5,  "Golden Caravel",           "USD 70.00",   "CL PE AR MX",         14,   8_500, 61),
    (4, 5,  "Emerald Tables",           "USD 60.00",   "IN ID PH TH",         10,   9_000, 49),
    (4, 5,  "Savanna Bets",             "USD 22.00",   "KE NG ZA",            10,  13_000, 53),
    (5, 6,  "Moonbriza",                "USD 4.20",    "US CA GB",             7,  36_000, 74),
    (5, 6,  "Moonbriza Latina",         "USD 2.40",    "MX CO PE AR CL BR",    7,  40_000, 71),
    (5, 6,  "Second Spring 50+",        "EUR 6.80",    "DE FR IT ES NL",       7,  29_000, 76),
    (5, 6,  "Kotoba Chat",              "USD 3.60",    "JP TH MY",             7,  31_000, 69),
    (6, 7,  "Nordgata Home",            "EUR 8%",      "DE NL FR CZ PL",      30,  17_000, 82),
    (6, 7,  "Nordgata Kids",            "RUB 11%",     "RU BY KZ",            30,  19_000, 80),
    (6, 7,  "Bazaar Electronics",       "TRY 5%",      "TR",                  21,  15_000, 77),
    (6, 7,  "Shoelark",                 "USD 12%",     "US CA GB",            30,  14_000, 79),
    (6, 7,  "Green Balcony",            "UAH 10%",     "UA",                  21,  18_000, 83),
    (7, 8,  "Pocket Ledger app",        "USD 1.10",    "US GB CA DE",          0,  39_000, 85),
    (7, 8,  "Dozecat Alarm app",        "USD 0.70",    "IN ID VN PH",          0,  40_000, 85),
    (7, 9,  "Frosthold Saga",           "USD 2.90",    "US DE FR JP",          7,  30_000, 73),
    (7, 9,  "Kart Kaboom",              "BRL 6.50",    "BR",                   7,  34_000, 70),
    (8, 10, "English with Owls",        "UAH 480.00",  "UA",                  14,  13_000, 56),
    (8, 10, "Code Orchard for Kids",    "RUB 1250.00", "RU KZ BY",            14,  12_500, 50),
    (8, 10, "Data Craft Bootcamp",      "EUR 48.00",   "PL RO BG CZ",         21,   7_000, 45),
    (9, 11, "Wayfaro Stays",            "EUR 6%",      "DE GB FR ES IT",      30,  11_000, 75),
    (9, 11, "Wayfaro Night Trains",     "USD 7%",      "PL CZ HU RO",         30,  12_000, 79),
    (9, 11, "Island Hop Pass",          "USD 14.00",   "TH ID MY PH VN",      21,  10_500, 67),
];

/// Indexes of offers that are not like the others.
pub mod special {
    /// Only webmasters whom the network brings in see it.
    pub const PRIVATE: usize = 22;
    /// Stopped by their advertisers before the end of the history.
    pub const STOPPED: [usize; 2] = [16, 33];
    /// Began in the last days of the history.
    pub const NEW: [usize; 4] = [10, 26, 39, 45];
    /// Still on review: nobody has seen them yet.
    pub const ON_REVIEW: [usize; 1] = [42];
    /// Everybody is connected at once.
    pub const OPEN_TO_ALL: [usize; 16] = [1, 3, 6, 8, 12, 14, 19, 21, 27, 28, 30, 31, 36, 37, 40, 44];
    /// Only this network has them.
    pub const EXCLUSIVE: [usize; 4] = [0, 11, 23, 35];
}

/// All offers, in the order in which they are made.
pub fn plans() -> Vec<Plan> {
    let plan = |(company, category, name, pay, countries, hold, cr_ppm, approved): &Row| Plan {
        company: *company,
        category: *category,
        name,
        pay,
        countries,
        hold: *hold,
        cr_ppm: *cr_ppm,
        approved: *approved,
    };
    ROWS.iter().map(plan).collect()
}

impl Plan {
    /// Its countries as indexes in [`COUNTRIES`].
    pub fn country_indexes(&self) -> Vec<usize> {
        let index = |iso: &str| COUNTRIES.iter().position(|country| country.iso == iso);
        self.countries.split(' ').filter_map(index).collect()
    }

    /// The page on which visitors land, without its host.
    pub fn slug(&self) -> String {
        let letters = self.name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == ' ');
        letters.collect::<String>().to_ascii_lowercase().replace(' ', "-")
    }

    /// What the visitor must do, and whether that is an order (CPA) or an application (CPL).
    pub fn action(&self) -> (&'static str, bool) {
        match self.category {
            0 | 1 => ("Order confirmed by phone", true),
            2 => ("Loan issued to a new client", true),
            3 => ("Card issued and activated", true),
            4 if self.pay.ends_with('%') => ("Policy paid for", true),
            4 => ("Complete application for a quote", false),
            5 => ("First deposit", true),
            6 => ("Registration with a confirmed address", false),
            7 => ("Paid order", true),
            8 => ("Installation and first start", true),
            9 => ("Registration and first level", false),
            10 => ("Application for a trial lesson", false),
            _ => ("Completed booking", true),
        }
    }

    /// A second goal that some offers have: what must be done, and what is paid.
    pub fn second_goal(&self) -> Option<(&'static str, &'static str)> {
        match (self.category, self.pay.split(' ').next()) {
            (2, Some("RUB")) => Some(("Approved application", "RUB 260.00")),
            (5, Some("EUR")) => Some(("Registration", "EUR 4.00")),
            (5, Some("BRL")) => Some(("Registration", "BRL 12.00")),
            (6, Some("EUR")) => Some(("Premium membership", "EUR 24.00")),
            (9, Some("USD")) => Some(("First purchase in the game", "USD 20%")),
            _ => None,
        }
    }

    /// The offer in one sentence.
    pub fn short(&self) -> String {
        let category = CATEGORIES.get(self.category).map_or("", |(name, _)| name).to_lowercase();
        format!("{} by {}: {category}.", self.name, COMPANIES[self.company].1)
    }

    /// The offer in several sentences.
    pub fn long(&self) -> String {
        let (action, _) = self.action();
        format!(
            "{} Paid action: {}. Leads are checked every working day; the decision comes with its reason. \
             Fresh landing pages for every country, tested on phones.",
            self.short(),
            action.to_lowercase()
        )
    }

    /// Kinds of traffic that are allowed and that are forbidden, as numbers of `TrafficKind`.
    pub fn traffic(&self) -> (&'static str, &'static str) {
        match self.category {
            0 | 1 => ("3,4,5,6,7,8,11,14,15", "10,13,16,17"),
            2..=4 => ("1,3,6,7,8,10,12,14,15", "2,9,11,13,17"),
            5 => ("1,4,5,8,9,12,14,16", "2,10,11,17"),
            6 => ("3,5,6,8,9,15,16", "11,13,17"),
            7 | 11 => ("1,3,4,7,12,14,18,19,20", "2,9,16"),
            8 | 9 => ("3,4,8,9,14,15", "2,10,11,17"),
            _ => ("1,3,4,5,7,10,12,14", "9,16,17"),
        }
    }

    /// The first languages of its countries, ISO 639-1.
    pub fn languages(&self) -> String {
        let of = |index: usize| COUNTRIES.get(index).and_then(|country| country.languages.get(..2));
        let languages: BTreeSet<&str> = self.country_indexes().into_iter().filter_map(of).collect();
        languages.into_iter().collect::<Vec<_>>().join(",")
    }

    /// When its call centre works, empty where nobody is called.
    pub fn call_hours(&self) -> &'static str {
        match self.category {
            0 | 1 => "Every day 9:00-20:00, local time",
            2..=4 | 10 => "Monday to Friday 9:00-18:00, local time",
            _ => "",
        }
    }

    /// What webmasters may not do.
    pub fn rules(&self) -> &'static str {
        match self.category {
            2..=4 => {
                "No promises of certain approval. No mailings without consent. No bidding on the brand's name."
            }
            5 => {
                "Adults only. No traffic from countries that are not listed. No incentives to sign up or deposit."
            }
            6 => "Adults only. No pictures of real people without their consent. No chat bots.",
            7 | 11 => {
                "No coupons other than those given here. No bidding on the brand's name. No cookie stuffing."
            }
            _ => "No medical or income promises. No incentives. No mailings without consent.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_market_is_as_large_as_promised() {
        let plans = plans();
        assert!(plans.len() >= 40 && COMPANIES.len() >= 8);
        for plan in &plans {
            assert_eq!(plan.country_indexes().len(), plan.countries.split(' ').count(), "{}", plan.name);
            assert!(
                (5_000..=40_000).contains(&plan.cr_ppm) && (35..=85).contains(&plan.approved),
                "{}",
                plan.name
            );
        }
        let all = [special::STOPPED.as_slice(), &special::NEW, &special::ON_REVIEW, &special::OPEN_TO_ALL];
        assert!(all.concat().iter().all(|index| *index < plans.len()));
    }
}
