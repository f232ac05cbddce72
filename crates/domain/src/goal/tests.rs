//! Rates: read, written, and never paid on top.

use proptest::prelude::*;

use super::*;

const TYPES: [MoneyType; 4] = [MoneyType::Fixed, MoneyType::Percent, MoneyType::Float, MoneyType::Both];

fn terms(money_type: MoneyType, payment: &str, charge: &str) -> Terms {
    let read = |text| Rate::read(money_type, text).expect("a rate");
    Terms { money_type, payment: read(payment), charge: read(charge) }
}

fn money(charge: i64, payout: i64) -> LeadMoney {
    LeadMoney::new(charge, payout)
}

/// Trust M8: a million random sales, rates and shares of referrers; the parts are the whole.
#[test]
fn rounding_never_leaks() {
    let mut state = 8u64;
    let mut below = |end: i64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((state >> 11) % u64::try_from(end).unwrap_or(1)).unwrap_or(0)
    };
    let share = |ppm: i64| Rate { first: ppm, more: 0 };
    let mut lost = 0i64;
    for _ in 0..1_000_000 {
        let charge = below(1_000_001);
        let payment = share(below(charge + 1));
        let terms = Terms { money_type: MoneyType::Percent, payment, charge: share(charge) };
        let Ok(money) = terms.rate(Some(below(1 << 50))) else { panic!("it fits") };
        let money = money.with_referral(below(1_000_001));
        assert!(money.payout >= 0 && money.referral >= 0 && money.margin() >= 0, "{money:?}");
        lost += money.charge - money.payout - money.referral - money.margin();
    }
    assert_eq!(lost, 0);
}

#[test]
fn each_money_type_rates_an_action() {
    let fixed = terms(MoneyType::Fixed, "5", "7");
    assert_eq!(fixed.rate(None), Ok(money(7_000_000, 5_000_000)));
    let percent = terms(MoneyType::Percent, "10", "13%");
    assert!(percent.rate(None).is_err());
    assert_eq!(percent.rate(Some(99_990_000)), Ok(money(12_998_700, 9_999_000)));
    let both = terms(MoneyType::Both, "1 + 4%", "1.50 + 5");
    assert!(both.rate(None).is_err());
    assert_eq!(both.rate(Some(100_000_000)), Ok(money(6_500_000, 5_000_000)));
    let float = terms(MoneyType::Float, "1 - 3", "1.50 - 4");
    assert_eq!(float.rate(None), Ok(money(1_500_000, 1_000_000)));
    assert_eq!(float.rate(Some(4_000_000)), Ok(money(4_000_000, 3_000_000)));
    assert_eq!(float.rate(Some(2_750_000)), Ok(money(2_750_000, 2_000_000)));
    assert!(float.rate(Some(4_000_001)).is_err() && float.rate(Some(1_499_999)).is_err());
    let one = terms(MoneyType::Float, "1.20", "1.70");
    assert_eq!(
        (one.rate(Some(1_700_000)), one.charge.text(MoneyType::Float, 2)),
        (Ok(money(1_700_000, 1_200_000)), "1.70".into())
    );
}

#[test]
fn the_default_payment_is_rounded_down_to_what_can_be_paid() {
    let first =
        |money_type, charge, digits| Terms::default_payment(money_type, Rate::of(charge), digits).first;
    assert_eq!(first(MoneyType::Fixed, 9_990_000, 2), 7_990_000);
    assert_eq!(first(MoneyType::Fixed, 9_990_000, 0), 7_000_000);
    assert_eq!(first(MoneyType::Percent, 165_001, 2), 132_000);
    let both = Terms::default_payment(MoneyType::Both, Rate { first: 9_990_000, more: 50_001 }, 2);
    assert_eq!(both, Rate { first: 7_990_000, more: 40_000 });
}

#[test]
fn what_is_no_rate_of_its_type_is_refused() {
    for (money_type, text) in [
        (MoneyType::Fixed, "1 - 2"),
        (MoneyType::Fixed, "1%"),
        (MoneyType::Percent, "101"),
        (MoneyType::Percent, "1 + 2"),
        (MoneyType::Float, "2 - 1"),
        (MoneyType::Float, "1 - 2 - 3"),
        (MoneyType::Both, "1"),
        (MoneyType::Both, "1 + 101%"),
        (MoneyType::Both, "1% + 2"),
    ] {
        assert!(Rate::read(money_type, text).is_err(), "{money_type:?} {text}");
    }
}

proptest! {
    /// Whatever terms pass the check, and whatever the sale: nobody is paid on top of what is charged, nor less than nothing.
    #[test]
    fn the_network_never_pays_on_top(
        kind in 0usize..4,
        payment in (0i64..2_000_000, 0i64..2_000_000),
        charge in (0i64..2_000_000, 0i64..2_000_000),
        special in prop::option::of((0i64..2_000_000, 0i64..2_000_000)),
        sale in prop::option::of(0i64..i64::MAX),
    ) {
        let rate = |(first, more): (i64, i64)| match TYPES[kind] {
            MoneyType::Fixed | MoneyType::Percent => Rate::of(first),
            MoneyType::Float => Rate { first: first.min(more), more: first.max(more) },
            MoneyType::Both => Rate { first, more },
        };
        let terms = Terms { money_type: TYPES[kind], payment: rate(payment), charge: rate(charge) };
        let terms = terms.with(Special { payment: special.map(rate), ..Special::default() });
        let mut errors = FieldErrors::default();
        terms.check(&mut errors);
        if errors.is_empty() && let Ok(money) = terms.rate(sale) {
            prop_assert!(money.payout >= 0 && money.margin() >= 0, "{terms:?} {money:?}");
        }
    }

    #[test]
    fn what_is_shown_is_read_back(kind in 0usize..4, first in 0i64..1_000_000, more in 0i64..1_000_000, digits in 0u8..=6) {
        let rate = match TYPES[kind] {
            MoneyType::Fixed | MoneyType::Percent => Rate::of(first),
            MoneyType::Float => Rate { first: first.min(more), more: first.max(more) },
            MoneyType::Both => Rate { first, more },
        };
        prop_assert_eq!(Rate::read(TYPES[kind], &rate.text(TYPES[kind], digits)), Ok(rate));
    }

    /// The choice of a line does not depend on their order, and what it chose fits.
    #[test]
    fn the_choice_of_a_line_does_not_depend_on_their_order(
        lines in prop::collection::vec((0i64..4, 0i64..3, 0i64..3, 0i64..3), 0..12),
        facts in (0i64..3, 0i64..3, 0i64..4),
    ) {
        let some = |id: i64| (id > 0).then_some(id);
        let mut lines: Vec<Line> = (1..).zip(lines).map(|(number, (geo, device, landing, from))| Line {
            number,
            geo_id: some(geo),
            device: some(device),
            landing_id: some(landing),
            leads_from: from,
            payment: Rate::of(1),
            charge: Rate::of(2),
        }).collect();
        let facts = LeadFacts { geo_ids: &[1, 2], device: facts.0, landing_id: facts.1, month_leads: facts.2 };
        let chosen = line_of(&lines, &facts).map(|line| line.number);
        lines.reverse();
        prop_assert_eq!(line_of(&lines, &facts).map(|line| line.number), chosen);
        if let Some(line) = lines.iter().find(|line| Some(line.number) == chosen) {
            prop_assert!(line.leads_from <= facts.month_leads && line.geo_id != Some(3));
            prop_assert!(line.device.is_none_or(|device| device == facts.device));
        }
    }
}

#[test]
fn the_most_specific_line_wins() {
    let line = |number, geo_id, device, landing_id, leads_from| Line {
        number,
        geo_id,
        device,
        landing_id,
        leads_from,
        payment: Rate::of(number),
        charge: Rate::of(number),
    };
    let lines = [
        line(1, Some(10), None, None, 0),
        line(2, Some(20), None, None, 0),
        line(3, None, Some(2), None, 0),
        line(4, None, None, Some(7), 0),
        line(5, None, None, None, 50),
        line(6, None, None, None, 100),
    ];
    let of = |geo_ids: &[i64], device, landing_id, month_leads| {
        let facts = LeadFacts { geo_ids, device, landing_id, month_leads };
        line_of(&lines, &facts).map(|line| line.number)
    };
    assert_eq!(of(&[20, 10], 2, 7, 500), Some(4), "a landing goes before all");
    assert_eq!(of(&[20, 10], 2, 8, 500), Some(2), "then the nearer region");
    assert_eq!(of(&[30, 10], 2, 8, 500), Some(1), "then one around it");
    assert_eq!(of(&[30], 2, 8, 500), Some(3), "then the device");
    assert_eq!(of(&[30], 1, 8, 500), Some(6), "then the highest tier that is reached");
    assert_eq!(of(&[30], 1, 8, 99), Some(5));
    assert_eq!(of(&[30], 1, 8, 49), None);
}
