//! Leads and news as outside programs read them: every documented parameter and field, through the real router.

#[cfg(test)]
#[path = "lists/leads.rs"]
mod leads;
#[cfg(test)]
#[path = "lists/news.rs"]
mod news;
#[cfg(test)]
#[expect(dead_code, reason = "shared with tests that use all of it")]
mod support;
