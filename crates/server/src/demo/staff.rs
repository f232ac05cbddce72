//! The people who run the demo's network beside its owner, whom they look after, and what they are asked.

use whocpa_domain::role::Role;
use whocpa_domain::time::DAY;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Clock, Level, Result};
use whocpa_engine::Caller;
use whocpa_engine::rate::RateCreate;
use whocpa_engine::ticket::{TicketCreate, TicketUpdate};
use whocpa_engine::user::{UserCreate, UserUpdate};

use super::world::{Account, Builder, caller, missing, sent};

/// Role, login, name. Two managers, so that each has people whom the other does not see.
const STAFF: [(Role, &str, &str); 4] = [
    (Role::Manager, "manager-1", "First manager"),
    (Role::Manager, "manager-2", "Second manager"),
    (Role::Finance, "finance", "Finance"),
    (Role::Support, "support", "Support"),
];

/// A question with its answer and, for the last word, who closes it.
struct Question {
    category: &'static str,
    subject: &'static str,
    message: &'static str,
    note: &'static str,
    answer: &'static str,
    is_closed: bool,
}

const QUESTIONS: [Question; 5] = [
    Question {
        category: "4",
        subject: "Why are my leads on hold?",
        message: "Ten leads were approved a week ago and are still on hold. When do they close?",
        note: "Hold of this goal is 14 days, the oldest closes on Thursday.",
        answer: "The goal has a hold of 14 days. The lead's page shows the day on which each closes.",
        is_closed: true,
    },
    Question {
        category: "2",
        subject: "Postback to my tracker",
        message: "Which macro holds the sum that I earn?",
        note: "",
        answer: "Write {payout}; the currency is in {currency}.",
        is_closed: false,
    },
    Question {
        category: "3",
        subject: "A higher rate",
        message: "I send 40 leads a day from two channels. May I have a better rate for the tea offer?",
        note: "Approve rate is good, talk to the advertiser first.",
        answer: "",
        is_closed: false,
    },
    Question {
        category: "5",
        subject: "Invoice for the last deposit",
        message: "Please send the invoice with our new address.",
        note: "",
        answer: "It is on its way to the e-mail address of your account.",
        is_closed: true,
    },
    Question {
        category: "6",
        subject: "Second person in our team",
        message: "A colleague needs to read our statistics. How do we do that without giving our key away?",
        note: "",
        answer: "Make an additional key with the right \"read\" and give him that one.",
        is_closed: false,
    },
];

impl Builder<'_> {
    /// The staff, in the order of `STAFF`.
    pub async fn staff(&self) -> Result<Vec<Account>> {
        let mut staff = Vec::new();
        for (role, login, name) in STAFF {
            let input = UserCreate {
                role: Some(role),
                email: Some(format!("{login}@network.example")),
                telegram: Some(login.replace('-', "_")),
                ..UserCreate::new(UserLevel::Operator, login, name, "")
            };
            staff.push(self.account_of(input).await?);
        }
        Ok(staff)
    }

    /// Two managers share the webmasters and advertisers; every fifth has nobody yet.
    pub async fn assign(&self, operator: Caller, staff: &[Account], people: &[Account]) -> Result<()> {
        let managers: Vec<&Account> = staff
            .iter()
            .zip(STAFF)
            .filter(|(_, (role, ..))| *role == Role::Manager)
            .map(|(who, _)| who)
            .collect();
        for (number, person) in people.iter().enumerate().filter(|(number, _)| number % 5 != 4) {
            let manager = managers.get(number % 2).ok_or_else(|| missing("a manager"))?;
            let pairs = [
                ("manager_id", manager.id.to_string()),
                ("trust", (4 - number.min(3)).to_string()),
                ("email", format!("{}@mail.example", person.login)),
            ];
            self.engine.user_update(operator, person.id, sent::<UserUpdate>(&pairs)?).await?;
        }
        Ok(())
    }

    /// What the bank publishes, and what the network states itself, as it must for the rouble.
    pub async fn rates(&self, operator: Caller) -> Result<()> {
        self.engine.rate_load_shipped(self.clock.now().plus_days(-60)).await?;
        for (base, currency, value, comment) in [
            ("978", "840", "1.15", "Bank's rate of the morning"),
            ("840", "643", "92.5", "Exchange's rate of the morning"),
            ("10001", "840", "1.001", "USDT is bought with a fee"),
        ] {
            let pairs =
                [("base_id", base), ("currency_id", currency), ("value", value), ("comment", comment)]
                    .map(|(name, value)| (name, value.to_owned()));
            self.engine.rate_create(operator, sent::<RateCreate>(&pairs)?).await?;
        }
        Ok(())
    }

    /// Some questions of webmasters and advertisers, and what became of them.
    pub async fn tickets(
        &self,
        staff: &[Account],
        webmasters: &[Account],
        advertisers: &[Account],
    ) -> Result<()> {
        let support = staff.last().ok_or_else(|| missing("support"))?;
        let support = Caller { role: Role::Support, ..caller(Level::Operator, support) };
        for (number, question) in QUESTIONS.iter().enumerate() {
            let asker = match question.category {
                "5" | "6" => (Level::Advertiser, advertisers.get(number)),
                _ => (Level::Webmaster, webmasters.get(number)),
            };
            let asker = caller(asker.0, asker.1.ok_or_else(|| missing("somebody who asks"))?);
            let days = i64::try_from(number).unwrap_or_default();
            self.clock.set(self.end.plus_days(days - 6).max(self.clock.now()));
            let pairs = [
                ("category", question.category.to_owned()),
                ("subject", question.subject.to_owned()),
                ("message", question.message.to_owned()),
            ];
            let id = self.engine.ticket_create(asker, sent::<TicketCreate>(&pairs)?).await?;
            self.clock.set(self.clock.now().plus(DAY / 8));
            if !question.note.is_empty() {
                self.say(support, id, &[("message", question.note), ("is_internal", "1")]).await?;
            }
            if !question.answer.is_empty() {
                self.say(support, id, &[("message", question.answer)]).await?;
            }
            if question.is_closed {
                self.say(asker, id, &[("status", "3"), ("is_read", "1")]).await?;
            }
        }
        Ok(())
    }

    async fn say(&self, caller: Caller, id: i64, pairs: &[(&'static str, &str)]) -> Result<()> {
        let pairs: Vec<(&str, String)> =
            pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.engine.ticket_update(caller, id, sent::<TicketUpdate>(&pairs)?).await
    }
}
