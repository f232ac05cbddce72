//! Registration: whoever wants to work with the network asks for an account; an operator lets him in.

use whocpa_domain::access::Origin;
use whocpa_domain::input::limits;
use whocpa_domain::letter::LetterKind;
use whocpa_domain::user::{AffId, Language, UserLevel, UserStatus};
use whocpa_domain::{Error, FieldErrors, Resource, Result, Scope, params};
use whocpa_store::Db;
use whocpa_store::person::{self, User};

use crate::password::{PASSWORD, password_check, password_hash};
use crate::session::SignInFrom;
use crate::throttle::Pace;
use crate::user::{EMAIL, LOGIN, TELEGRAM, UserCreate};
use crate::{Caller, Engine};

/// Accounts that one address may ask for.
const BY_ADDRESS: Pace = Pace { burst: 5, seconds: 720, table: 5 };
/// Accounts that may wait for an operator, from everywhere together: strangers must not fill the database.
const WAITING_LIMIT: i64 = 1000;

params! {
    /// A wish for an account.
    pub struct RegistrationCreate {
        /// Webmaster or advertiser.
        level: UserLevel,
        /// What the person signs in with: 3 to 100 characters without spaces, kept in lower case, unique.
        login: String where LOGIN,
        /// What others call him.
        name: String where limits::NAME,
        /// Password, at least 8 characters.
        password: String where PASSWORD,
        /// E-mail address.
        email: Option<String> where EMAIL,
        /// Name in Telegram.
        telegram: Option<String> where TELEGRAM,
        /// What the operator should know: where the visitors come from, or what is sold.
        about: String where limits::TEXT_GIVEN,
        /// Language: `en`, `ru` or `uk`.
        language: Option<Language>,
        /// Affiliate id of the webmaster who brought him.
        r#ref: Option<i64>,
    }
}

impl Engine {
    /// Makes an account that waits for an operator; gives its id.
    pub async fn registration_create(&self, from: &SignInFrom, input: RegistrationCreate) -> Result<i64> {
        let mut errors = FieldErrors::default();
        if input.level == UserLevel::Operator {
            errors.add("level", "Must be webmaster or advertiser");
        }
        if input.email.as_deref().unwrap_or_default().is_empty()
            && input.telegram.as_deref().unwrap_or_default().is_empty()
        {
            errors.add("email", "Leave an e-mail address or a name in Telegram");
        }
        password_check(&mut errors, &input.login, &input.password);
        errors.finish()?;
        let counted = format!("register {}", from.counted);
        if let Err(seconds) = self.try_take(&counted, BY_ADDRESS) {
            tracing::warn!(address = from.counted, "registration refused: too many from this address");
            return Err(Error::Conflict(format!(
                "Too many accounts from your address: wait {seconds} seconds"
            )));
        }
        let asked = UserCreate {
            email: input.email,
            telegram: input.telegram,
            language: input.language,
            comment: Some(input.about),
            referrer_id: self.referrer(input.level, input.r#ref).await?,
            ..UserCreate::new(input.level, &input.login, &input.name, "")
        };
        let row = self.user_row(Caller::SYSTEM, &asked, FieldErrors::default())?;
        check_room(&self.store().read()).await?;
        let hashed = password_hash(input.password).await;
        let password_hash = self.try_returned(&counted, BY_ADDRESS, hashed)?;
        let row = &User {
            password_hash,
            status: UserStatus::Waiting.code(),
            is_email_confirmed: !self.sends_letters(),
            ..row
        };
        let asked = &asked;
        // The network makes the account; who asked for it is known by his address only.
        let caller = Caller { origin: Origin { ip: from.ip, ..Caller::SYSTEM.origin }, ..Caller::SYSTEM };
        self.change(move |db| async move {
            check_room(&db).await?;
            let id = self.user_store(&db, caller, row, asked).await?;
            self.letter_link(&db, &User { id, ..row.clone() }, LetterKind::Confirm).await?;
            self.letter_queue(&db, Resource::User, id, ("account", id)).await?;
            Ok(id)
        })
        .await
    }

    /// The webmaster behind a referral link. A link that leads to nobody keeps nobody from registering.
    async fn referrer(&self, level: UserLevel, aff_id: Option<i64>) -> Result<Option<i64>> {
        let known = aff_id.and_then(AffId::user_id).filter(|_| level == UserLevel::Webmaster);
        let Some(id) = known else { return Ok(None) };
        let found = person::view(&self.store().read(), Scope::All, id).await?;
        let is_right = |person: &User| person.is_active() && person.level() == UserLevel::Webmaster;
        Ok(found.filter(is_right).map(|person| person.id))
    }
}

/// Asked twice: before the password is hashed, and where the account is stored. Two at once may pass it by one.
async fn check_room(db: &Db) -> Result<()> {
    if person::count_waiting(db).await? < WAITING_LIMIT {
        return Ok(());
    }
    tracing::warn!("registration refused: {WAITING_LIMIT} accounts wait for an operator");
    Err(Error::Conflict("Too many accounts wait for an operator: try again in some days".to_owned()))
}
