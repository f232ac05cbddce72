//! Which of an offer's goals a report or an order is about.

use whocpa_store::goal::Goal;

/// The goal that is named, or the only one.
pub(super) fn pick<'a>(
    mut goals: impl Iterator<Item = &'a Goal>,
    id: Option<i64>,
    alias: &str,
) -> Result<&'a Goal, &'static str> {
    match id {
        Some(id) => goals.find(|goal| goal.id == id).ok_or("Goals not found"),
        None if !alias.is_empty() => named(goals, alias).ok_or("Goals not found"),
        None => match (goals.next(), goals.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err("the offer has no active goal"),
            (Some(_), Some(_)) => Err("This parameter is required: the offer has several goals"),
        },
    }
}

/// The goal with this name; else, when the name is a number, the goal with this number.
fn named<'a>(goals: impl Iterator<Item = &'a Goal>, alias: &str) -> Option<&'a Goal> {
    let number: Option<i64> = alias.parse().ok();
    let mut by_number = None;
    for goal in goals {
        if goal.alias == alias {
            return Some(goal);
        }
        by_number = by_number.or_else(|| Some(goal).filter(|goal| Some(goal.id) == number));
    }
    by_number
}
