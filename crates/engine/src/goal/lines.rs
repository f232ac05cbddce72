//! Lines of a goal's terms as requests state them and answers show them.

use whocpa_domain::facts::DeviceKind;
use whocpa_domain::geo::GeoType;
use whocpa_domain::goal::{GoalLine, LINE_LIMIT, Line, MoneyType, Rate, Special, Terms};
use whocpa_domain::input::{Json, Patch};
use whocpa_domain::{Error, FieldErrors, Level, Result, Scope};
use whocpa_store::{Db, landing};

use crate::{Caller, Engine};

/// Highest number of leads from which on a line may count.
const LEADS_LIMIT: i64 = 1_000_000;

/// What lines are made for: the offer, how its rates are stated, and the lines before.
pub(super) struct Frame<'a> {
    pub offer_id: i64,
    pub money_type: MoneyType,
    pub digits: u8,
    pub old: &'a [Line],
}

impl Engine {
    /// The lines of a goal after somebody said something of them, or nothing.
    pub(super) async fn goal_lines_after(
        &self,
        db: &Db,
        caller: Caller,
        frame: &Frame<'_>,
        sent: &Patch<Json<Vec<GoalLine>>>,
    ) -> Result<Vec<Line>> {
        match sent {
            Patch::Set(sent) => self.goal_lines(db, caller, frame, &sent.0).await,
            Patch::Clear => Ok(Vec::new()),
            Patch::Keep => Ok(frame.old.to_vec()),
        }
    }

    /// The lines that somebody states; what is wrong with them is said of the parameter `lines`.
    async fn goal_lines(
        &self,
        db: &Db,
        caller: Caller,
        frame: &Frame<'_>,
        sent: &[GoalLine],
    ) -> Result<Vec<Line>> {
        if sent.len() > LINE_LIMIT {
            return Err(Error::field("lines", format!("At most {LINE_LIMIT} lines")));
        }
        let tree = self.geo_tree().await?;
        let mut lines: Vec<Line> = Vec::with_capacity(sent.len());
        for (at, one) in sent.iter().enumerate() {
            let wrong = |words: String| Error::field("lines", format!("[{at}].{words}"));
            let is_country =
                |id: i64| matches!(tree.kind(id), Some(GeoType::CountryGroup | GeoType::Country));
            if one.geo_id.is_some_and(|id| !is_country(id)) {
                let words = "geo_id: Must be a country or a group of countries: no more is known of visitors";
                return Err(wrong(words.to_owned()));
            }
            if let Some(id) = one.landing_id {
                let found = landing::view(db, Scope::All, id).await?;
                if found.is_none_or(|row| row.offer_id != frame.offer_id) {
                    return Err(wrong("landing_id: Landings not found".to_owned()));
                }
            }
            if one.payment.is_some() && caller.level != Level::Operator {
                return Err(wrong("payment: Only an operator may set this".to_owned()));
            }
            let line = line(at, one, frame).map_err(wrong)?;
            if lines.iter().any(|known| place(known) == place(&line)) {
                return Err(wrong("leads_from: Another line is for the same visitors".to_owned()));
            }
            lines.push(line);
        }
        Ok(lines)
    }
}

/// For whom a line is.
fn place(line: &Line) -> (Option<i64>, Option<i64>, Option<i64>, i64) {
    (line.geo_id, line.device, line.landing_id, line.leads_from)
}

fn line(at: usize, sent: &GoalLine, frame: &Frame<'_>) -> std::result::Result<Line, String> {
    let leads_from = sent.leads_from.unwrap_or(0);
    if !(0..=LEADS_LIMIT).contains(&leads_from) {
        return Err(format!("leads_from: Must be from 0 to {LEADS_LIMIT}"));
    }
    let device = sent.device.map(DeviceKind::code);
    let bare = Line {
        number: i64::try_from(at).unwrap_or(0) + 1,
        geo_id: sent.geo_id,
        device,
        landing_id: sent.landing_id,
        leads_from,
        payment: Rate::default(),
        charge: Rate::default(),
    };
    if place(&bare) == (None, None, None, 0) {
        return Err(
            "geo_id: A line must be for some visitors only: give geo_id, device, landing_id or leads_from"
                .to_owned(),
        );
    }
    let read = |name: &str, text: &str| {
        Rate::read(frame.money_type, text).map_err(|words| format!("{name}: {words}"))
    };
    let charge = read("charge", sent.charge.as_deref().ok_or("charge: This parameter is required")?)?;
    // A payment that somebody agreed on stays until an operator states another one.
    let known = frame.old.iter().find(|old| place(old) == place(&bare)).map(|old| old.payment);
    let payment = match &sent.payment {
        Some(text) => read("payment", text)?,
        None => known.unwrap_or_else(|| Terms::default_payment(frame.money_type, charge, frame.digits)),
    };
    let mut errors = FieldErrors::default();
    Terms { money_type: frame.money_type, payment, charge }.check(&mut errors);
    match errors.messages().iter().next() {
        Some((name, words)) => Err(format!("{name}: {}", words.join("; "))),
        None => Ok(Line { payment, charge, ..bare }),
    }
}

/// Lines as somebody sees them, with what a special condition changes.
pub(crate) fn shown(
    lines: &[Line],
    (money_type, digits): (MoneyType, u8),
    special: Special,
    (sees_payment, sees_charge): (bool, bool),
) -> Vec<GoalLine> {
    let text = |rate: Rate| rate.text(money_type, digits);
    let one = |line: &Line| GoalLine {
        geo_id: line.geo_id,
        device: line.device.and_then(DeviceKind::from_code),
        landing_id: line.landing_id,
        leads_from: Some(line.leads_from).filter(|from| *from > 0),
        charge: sees_charge.then(|| text(special.charge.unwrap_or(line.charge))),
        payment: sees_payment.then(|| text(special.payment.unwrap_or(line.payment))),
    };
    lines.iter().map(one).collect()
}
