//! Letters with a link that opens something once: a new password, a confirmed address. Only the hash of what stands in the link
//! is stored.

use whocpa_domain::Result;
use whocpa_domain::letter::LetterKind;
use whocpa_domain::time::HOUR;
use whocpa_store::letter_token::{self, LetterToken};
use whocpa_store::person::User;
use whocpa_store::{Db, letter, letter_chat};

use super::Draft;
use super::compose::{language_of, prefix};
use crate::Engine;
use crate::audit::Changes;
use crate::vault::fingerprint;

/// Letters in what stands in a link: 32 of 5 bits are 160 random bits.
const LENGTH: usize = 32;
/// Links of a kind that one person is sent in an hour.
const AN_HOUR: u64 = 3;

impl Engine {
    /// Writes a letter with a link of this kind to the person's address, in the caller's transaction; nothing when he was sent too
    /// many, or has no address. The person's row must be locked, so that the count holds.
    pub(crate) async fn letter_link(&self, db: &Db, user: &User, kind: LetterKind) -> Result<bool> {
        let (path, hours) = (kind.name(), kind.link_hours().unwrap_or(1));
        let now = self.now();
        let is_many = letter_token::count(db, user.id, kind, now.plus(-HOUR)).await? >= AN_HOUR;
        if !self.mail().is_on() || user.email.is_empty() || is_many {
            return Ok(false);
        }
        let token = self.rng().letters(LENGTH);
        let link = format!("{}{}/{path}/{token}", self.base_url(), prefix(language_of(user)));
        let draft = Draft::new(kind).with("link", link).with("hours", hours).to(&user.email);
        let row = LetterToken {
            hash: fingerprint(&token),
            user_id: user.id,
            kind: kind.code(),
            address: user.email.clone(),
            date_created: now.0,
            date_expires: now.plus(hours * HOUR).0,
            date_used: None,
        };
        letter_token::create(db, row).await?;
        letter::create_many(db, &[self.letter_row(user.id, &draft, now.0)?]).await?;
        Ok(true)
    }

    /// A link of this kind that works, and was sent to the address that its person still has.
    pub(crate) async fn letter_token_view(
        &self,
        db: &Db,
        kind: LetterKind,
        token: &str,
    ) -> Result<Option<LetterToken>> {
        let found = letter_token::view(db, &fingerprint(token), kind).await?;
        Ok(found.filter(|row| row.works(self.now())))
    }

    /// Uses a link, and ends its person's others of the kind; false when somebody was faster.
    pub(crate) async fn letter_token_use(
        &self,
        db: &Db,
        row: &LetterToken,
        kind: LetterKind,
    ) -> Result<bool> {
        let now = self.now();
        let is_used = letter_token::consume(db, &row.hash, kind, now).await?;
        letter_token::end(db, row.user_id, kind, now).await?;
        Ok(is_used)
    }

    /// Tells a person that his password was changed, whoever did it: at the address that he had before, for whoever changes both tells
    /// himself otherwise. Links to a new one open nothing any more, and Telegram is to be connected anew: who knew the password only
    /// reads nothing there. Gives the changes with what ended.
    pub(crate) async fn password_told(
        &self,
        db: &Db,
        before: &User,
        way: &str,
        changes: Changes,
    ) -> Result<Changes> {
        letter_token::end(db, before.id, LetterKind::Reset, self.now()).await?;
        let is_cut = letter_chat::cut(db, before.id).await?;
        let draft = Draft::new(LetterKind::Password).with("date", self.now()).word("way", "way", way);
        self.letter_proven(db, before, draft).await?;
        Ok(if is_cut { changes.also("telegram", "disconnected".into()) } else { changes })
    }

    /// Writes a letter to the address that a person has now and has confirmed, and nowhere else whatever he enters later.
    pub(super) async fn letter_proven(&self, db: &Db, user: &User, draft: Draft) -> Result<()> {
        if user.email.is_empty() || !user.is_email_confirmed {
            return Ok(());
        }
        self.letter_to(db, std::slice::from_ref(user), &draft.to(&user.email)).await
    }

    /// After another address was entered: the former one is told if it was confirmed, links that went there open nothing any more, and the new one is
    /// asked.
    pub(crate) async fn email_told(&self, db: &Db, before: &User, after: &User) -> Result<()> {
        for kind in [LetterKind::Reset, LetterKind::Confirm] {
            letter_token::end(db, before.id, kind, self.now()).await?;
        }
        let email = whocpa_domain::letter::masked_address(&after.email);
        let draft = Draft::new(LetterKind::Email).with("date", self.now()).with("email", email);
        self.letter_proven(db, before, draft).await?;
        if !after.is_email_confirmed {
            self.letter_link(db, after, LetterKind::Confirm).await?;
        }
        Ok(())
    }
}
