//! Real answers for the pages: captured by a test from an example network behind the real router, see
//! `tests/examples.rs`.

use std::collections::HashMap;
use std::sync::LazyLock;

use whocpa_domain::{Level, Method, Resource};

/// A request of the example network and what it was answered.
pub(crate) struct Captured {
    /// With the id.
    pub path: &'static str,
    pub params: Vec<(&'static str, &'static str)>,
    pub status: u16,
    /// JSON, indented; long lists are cut.
    pub body: &'static str,
    /// Whether something was cut.
    pub is_cut: bool,
}

type Examples = HashMap<&'static str, Captured>;

static EXAMPLES: LazyLock<[Examples; 4]> = LazyLock::new(|| {
    [
        read(include_str!("../../examples-data/guest.http")),
        read(include_str!("../../examples-data/pub.http")),
        read(include_str!("../../examples-data/adv.http")),
        read(include_str!("../../examples-data/operator.http")),
    ]
});

/// The example of a method for a level, if there is one.
pub(crate) fn find(level: Level, resource: Resource, method: Method) -> Option<&'static Captured> {
    EXAMPLES[level as usize].get(format!("{}/{}", resource.name(), method.name()).as_str())
}

/// Sections `### resource/method`: the request's first line, its parameters, an empty line, the status, the body.
fn read(text: &'static str) -> Examples {
    text.split("### ").skip(1).filter_map(section).collect()
}

fn section(text: &'static str) -> Option<(&'static str, Captured)> {
    let (name, rest) = text.split_once('\n')?;
    let (request, answer) = rest.split_once("\n\n")?;
    let (status, body) = answer.split_once('\n')?;
    let mut lines = request.lines();
    let path = lines.next()?.split_once(' ')?.1;
    let params = lines.filter_map(|line| line.split_once('=')).collect();
    let (status, note) = status.split_once(' ').unwrap_or((status, ""));
    let captured =
        Captured { path, params, status: status.parse().ok()?, body: body.trim_end(), is_cut: note == "cut" };
    Some((name, captured))
}
