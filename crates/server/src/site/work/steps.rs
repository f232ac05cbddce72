//! Steps of an object under moderation that its owner may take.

use whocpa_domain::moderation::ModerationStatus::{self, Archived, Draft, Live, Review, Stopped};

use crate::i18n::Lang;

/// A button.
pub(in crate::site) struct Step {
    /// The wanted state.
    pub status: i64,
    /// What the button says.
    pub title: String,
    /// What is asked before; empty for nothing.
    pub question: String,
    pub is_main: bool,
}

/// The steps from this state.
pub(in crate::site) fn of(lang: Lang, status: Option<ModerationStatus>) -> Vec<Step> {
    let wanted: &[(ModerationStatus, &str, &str)] = match status {
        Some(Draft) => &[(Review, "step-review", ""), (Archived, "step-archive", "step-archive-ask")],
        Some(Review) => &[(Draft, "step-back", "")],
        Some(Live) => {
            &[(Stopped, "step-stop", "step-stop-ask"), (Archived, "step-archive", "step-archive-ask")]
        }
        Some(Stopped) => &[(Live, "step-go", ""), (Archived, "step-archive", "step-archive-ask")],
        Some(Archived) => &[(Draft, "step-unarchive", "")],
        None => &[],
    };
    let step = |(status, key, ask): &(ModerationStatus, &str, &str)| Step {
        status: status.code(),
        title: lang.t(key),
        question: if ask.is_empty() { String::new() } else { lang.t(ask) },
        is_main: matches!(status, Review | Live),
    };
    wanted.iter().map(step).collect()
}
