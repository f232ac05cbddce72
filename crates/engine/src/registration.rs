//! Registration: whoever wants to work with the network asks for an account; an operator lets him in.

use whocpa_domain::input::limits;
use whocpa_domain::user::{AffId, Language, UserLevel, UserStatus};
use whocpa_domain::{Error, FieldErrors, Result, Scope, params};
use whocpa_store::person::{self, User};

use crate::password::{PASSWORD, password_check, password_hash};
use crate::session::SignInFrom;
use crate::throttle::Pace;
use crate::user::{EMAIL, LOGIN, TELEGRAM, UserCreate};
use crate::{Caller, Engine};

/// Accounts that one address may ask for.
const BY_ADDRESS: Pace = Pace { burst: 5, seconds: 720, table: 5 };

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
        if let Err(seconds) = self.try_take(&format!("register {}", from.counted), BY_ADDRESS) {
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
        let password_hash = password_hash(input.password).await?;
        let row = &User { password_hash, status: UserStatus::Waiting.code(), ..row };
        let asked = &asked;
        self.change(move |db| async move { self.user_store(&db, Caller::SYSTEM, row, asked).await }).await
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
