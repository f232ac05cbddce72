//! The site over HTTP, as browsers use it, on both databases.

#[cfg(test)]
#[path = "site/account.rs"]
mod account;
#[cfg(test)]
#[path = "site/advertiser.rs"]
mod advertiser;
#[cfg(test)]
#[path = "site/browser.rs"]
mod browser;
#[cfg(test)]
#[path = "site/chromium.rs"]
mod chromium;
#[cfg(test)]
#[path = "site/forms.rs"]
mod forms;
#[cfg(test)]
#[path = "site/journey.rs"]
mod journey;
#[cfg(test)]
#[path = "site/letters.rs"]
mod letters;
#[cfg(test)]
#[path = "site/operator.rs"]
mod operator;
#[cfg(test)]
#[path = "site/operator_work.rs"]
mod operator_work;
#[cfg(test)]
#[path = "site/public.rs"]
mod public;
#[cfg(test)]
#[path = "site/sign_in.rs"]
mod sign_in;
#[cfg(test)]
#[path = "support/mod.rs"]
#[expect(dead_code, reason = "shared with tests that use all of it")]
mod support;
#[cfg(test)]
#[path = "site/texts.rs"]
mod texts;
#[cfg(test)]
#[path = "site/webmaster.rs"]
mod webmaster;
