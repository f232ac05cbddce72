//! How parameters are read.

use super::*;
use crate::params;

params! {
    /// For the tests below.
    pub struct Sample {
        /// Numbers.
        id: Option<Vec<i64>>,
        /// Needed.
        name: String,
        /// Flag.
        closed: Option<bool>,
        /// Nullable.
        r#type: Patch<i64>,
        /// Size.
        per_page: PerPage,
    }
}

fn read(pairs: &[(&str, &str)]) -> Result<Sample> {
    let mut raw = RawParams::default();
    for (name, value) in pairs {
        raw.push(name, RawValue::Text((*value).to_owned()));
    }
    raw.read()
}

fn messages(result: Result<Sample>) -> Vec<String> {
    match result {
        Err(Error::Invalid(errors)) => errors.messages().keys().cloned().collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_three_spellings_of_a_list_are_one() {
    for pairs in [
        vec![("id", "1,2"), ("name", "x")],
        vec![("id[]", "1"), ("id[]", "2"), ("name", "x")],
        vec![("id", "1"), ("name", "x"), ("id", "2")],
    ] {
        assert_eq!(read(&pairs).map(|sample| sample.id).ok(), Some(Some(vec![1, 2])));
    }
}

#[test]
fn every_bad_parameter_is_named_at_once() {
    let bad = read(&[("id", "1,x"), ("closed", "yes"), ("per_page", "9"), ("closd", "1")]);
    assert_eq!(messages(bad), ["closd", "closed", "id", "name", "per_page"]);
    assert_eq!(messages(read(&[("name", "x"), ("name", "y")])), ["name"]);
    assert_eq!(messages(read(&[("name", "x"), ("type", "9007199254740992")])), ["type"]);
    let good = read(&[("name", "x"), ("closed", "1")]).ok();
    assert_eq!(
        good.map(|sample| (sample.name, sample.closed, sample.per_page.0)),
        Some(("x".to_owned(), Some(true), 100))
    );
}

#[test]
fn absent_empty_and_set_are_three_things() {
    let patch = |pairs: &[(&str, &str)]| read(pairs).map(|sample| sample.r#type).ok();
    assert_eq!(patch(&[("name", "x")]), Some(Patch::Keep));
    assert_eq!(patch(&[("name", "x"), ("type", "")]), Some(Patch::Clear));
    assert_eq!(patch(&[("name", "x"), ("type", "5")]), Some(Patch::Set(5)));
}

#[test]
fn parameters_are_documented_by_their_declaration() {
    let names: Vec<&str> = Sample::PARAMS.iter().map(|param| param.name).collect();
    assert_eq!(names, ["id", "name", "closed", "type", "per_page"]);
    assert!(Sample::PARAMS[0].many && Sample::PARAMS[1].required && Sample::PARAMS[1].doc == "Needed.");
}
