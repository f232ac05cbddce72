//! Writing news to everybody whom they concern: many letters, so in pieces, each with the number of the last reader.

use whocpa_domain::letter::LetterKind;
use whocpa_domain::user::Notify;
use whocpa_domain::{Result, Scope};
use whocpa_store::letter::{self, LetterNews};
use whocpa_store::news::{self, News};
use whocpa_store::{Db, person};

use super::Draft;
use crate::Engine;
use crate::news::readers_of;

/// People who are looked at in one transaction.
const PIECE: u64 = 100;
/// Such transactions in one round.
const PIECES: usize = 20;
/// Characters of the text that stand in a letter.
const TEXT_LENGTH: usize = 1000;

impl Engine {
    /// Notes that news are to be written to their readers, in the transaction that tells of them.
    pub(crate) async fn letter_news(&self, db: &Db, row: &News) -> Result<()> {
        if self.sends_messages() { letter::news_create(db, row.id, self.now()).await } else { Ok(()) }
    }

    /// Writes news that are being told to their readers: so many in one round, so that other letters have their turn. News that cannot
    /// be written keep no others back. A job.
    pub async fn letters_spread(&self) -> Result<()> {
        let mut left = PIECES;
        for row in letter::news_list(&self.store().read()).await? {
            let (news_id, mut next) = (row.news_id, Some(row));
            while let Some(row) = next.take_if(|_| left > 0) {
                left -= 1;
                match self.letter_news_piece(&row).await {
                    Ok(further) => next = further,
                    Err(error) => tracing::error!(news_id, ?error, "news were not written to their readers"),
                }
            }
        }
        Ok(())
    }

    /// Writes to the next readers; gives how far it is then, `None` at the end, or where another node goes on.
    async fn letter_news_piece(&self, row: &LetterNews) -> Result<Option<LetterNews>> {
        let now = self.now();
        self.store()
            .write(move |db| async move {
                let found = news::view(&db, Scope::All, now, row.news_id).await?;
                let readers = match &found {
                    Some(news) => readers_of(&db, news).await?,
                    None => None,
                };
                let people = person::wanting(&db, Notify::News.code(), row.user_id, PIECE).await?;
                let (Some(last), Some(news), Some(readers)) = (people.last(), found, readers) else {
                    letter::news_delete(&db, row.news_id).await?;
                    return Ok(None);
                };
                let last = last.id;
                if !letter::news_advance(&db, row, last).await? {
                    return Ok(None);
                }
                let people: Vec<_> = people.into_iter().filter(|user| readers.has(user)).collect();
                let text: String = news.plain.chars().take(TEXT_LENGTH).collect();
                let draft = Draft::new(LetterKind::News).with("header", &news.header).with("text", text);
                self.letter_to(&db, &people, &draft).await?;
                Ok(Some(LetterNews { user_id: last, ..row.clone() }))
            })
            .await
    }
}
