//! The caller's own account, whatever his level. There is one, so a list holds one object, whose id is the user id.

use serde_json::json;
use whocpa_domain::input::limits::{self, Limits};
use whocpa_domain::key::{NETWORK_LIMIT, Network, Networks};
use whocpa_domain::money::Amount;
use whocpa_domain::offer::TrafficKind;
use whocpa_domain::referral::masked_name;
use whocpa_domain::role::Role;
use whocpa_domain::user::{AffId, Language, Notify, TimeZone, Trust, UserLevel};
use whocpa_domain::{Error, FieldErrors, Method, Resource, Result, Scope, Time, params, view};
use whocpa_store::change::{self, ChangeKind};
use whocpa_store::person::{self, User};
use whocpa_store::{Db, api_key, letter_chat, referral, session};

use crate::audit::Changes;
use crate::password::{PASSWORD, password_check, password_fits, password_hash};
use crate::referral::percent;
use crate::token::{OVERLAP_HOURS, OVERLAP_HOURS_MAX};
use crate::user::{Card, EMAIL, PHONE, TELEGRAM, check_secured, traffic_kinds};
use crate::{Caller, Engine, check};

/// Letters of the secret of signatures: 32 of 5 bits are 160 random bits.
const SECRET_LETTERS: usize = 32;
/// Hours for which a postback token may work beside its successor.
const OVERLAP: Limits = Limits::Range(0, OVERLAP_HOURS_MAX);

params! {
    /// Changes of your account. A new password or e-mail address needs the present password, and a key with all rights.
    pub struct ProfileUpdate {
        /// What others call you.
        name: Option<String> where limits::NAME,
        /// E-mail address, empty for none.
        email: Option<String> where EMAIL,
        /// Name in Telegram, empty for none.
        telegram: Option<String> where TELEGRAM,
        /// Telephone, empty for none.
        phone: Option<String> where PHONE,
        /// Your own site, empty for none.
        site: Option<String> where check::URL,
        /// Language: `en`, `ru` or `uk`.
        language: Option<Language>,
        /// IANA time zone, for example `Europe/Kyiv`.
        time_zone: Option<TimeZone>,
        /// What you want to be told of; empty for nothing.
        notify: Option<Vec<Notify>>,
        /// The same for messages in Telegram, while a chat is connected.
        notify_telegram: Option<Vec<Notify>>,
        /// `0` disconnects your chat in Telegram; open `telegram_url` to connect one.
        is_telegram_linked: Option<bool>,
        /// New password, at least 8 characters.
        password: Option<String> where PASSWORD,
        /// Your present password.
        current_password: Option<String>,
        /// Advertisers: `1` makes a new postback token; needs a key with all rights.
        rotate_postback_token: Option<bool>,
        /// Hours for which the present postback token works beside the new one, 0 to 720; 72 unless told. The one
        /// before it ends at once.
        postback_overlap_hours: Option<i64> where OVERLAP,
        /// Advertisers: `1` makes a new secret by which you sign your postbacks; the present one ends at once. Needs a key
        /// with all rights.
        rotate_postback_secret: Option<bool>,
        /// Advertisers: whether postbacks without a signature are refused; needs a secret, and a key with all rights.
        is_postback_signed: Option<bool>,
        /// Advertisers: addresses and networks from which postbacks are taken, `203.0.113.7,2001:db8::/48`; empty for
        /// everywhere. Needs a key with all rights.
        postback_networks: Option<Vec<Network>>,
        /// Webmasters: where visitors of your links go whom no offer takes, when the link itself names no address; empty
        /// for none.
        url_traffback: Option<String> where check::URL,
    }
}

view! {
    /// Who looks after you.
    pub struct ManagerView {
        /// What he is called.
        name: String,
        /// E-mail address, empty for none.
        email: String,
        /// Name in Telegram, empty for none.
        telegram: String,
        /// Telephone, empty for none.
        phone: String,
    }
}

view! {
    /// Who brought you.
    pub struct ReferrerView {
        /// What he is called, masked.
        name: String,
        /// What the network pays him, in percent of what you earn.
        percent: Amount,
        /// Until when, `null` for without end.
        date_end: Option<Time>,
    }
}

view! {
    /// Your account.
    pub struct ProfileView {
        /// Your user id.
        id: i64,
        /// Kind of account.
        level: UserLevel,
        /// What an operator is there for; absent for others.
        #[serde(skip_serializing_if = "Option::is_none")]
        role: Option<Role>,
        /// What you sign in with.
        login: String,
        /// What others call you.
        name: String,
        /// Your affiliate id: ten digits, by which landings name you when they send leads.
        aff_id: Option<AffId>,
        /// E-mail address, empty for none.
        email: String,
        /// Whether the address is known to be yours: letters wait for it, but for those about the safety of your account.
        is_email_confirmed: bool,
        /// Name in Telegram, without the `@`; empty for none.
        telegram: String,
        /// Telephone, empty for none.
        phone: String,
        /// Your own site, empty for none.
        site: String,
        /// Language: `en`, `ru` or `uk`.
        language: String,
        /// IANA time zone.
        time_zone: String,
        /// What you want to be told of.
        notify: Vec<Notify>,
        /// The same for messages in Telegram, while a chat is connected.
        notify_telegram: Vec<Notify>,
        /// Whether a chat in Telegram is connected.
        is_telegram_linked: bool,
        /// Open this in Telegram to connect a chat with the network's bot: it works once, for an hour. Absent without a bot, and
        /// for keys without all rights.
        #[serde(skip_serializing_if = "Option::is_none")]
        telegram_url: Option<String>,
        /// Level in the network's programme, from 0.
        rank: i64,
        /// How far the network trusts you.
        trust: Trust,
        /// Kinds of traffic that you work with, as the network knows them.
        traffic_kinds: Vec<TrafficKind>,
        /// Categories that you work with, as the network knows them.
        categories: Vec<i64>,
        /// Who looks after you, `null` for nobody in particular.
        manager: Option<ManagerView>,
        /// Who brought you and is paid for it, out of the network's part of your leads: nothing is taken from what you
        /// earn. `null` for nobody.
        referrer: Option<ReferrerView>,
        /// When the account was made.
        date_created: Time,
        /// First letters of your profile key.
        key_prefix: String,
        /// Advertisers: the token of your postbacks; absent for keys that may not write.
        #[serde(skip_serializing_if = "Option::is_none")]
        postback_token: Option<String>,
        /// Advertisers: until when the postback token before this one still works; absent when it does not.
        #[serde(skip_serializing_if = "Option::is_none")]
        date_postback_old: Option<Time>,
        /// Advertisers: the secret by which you sign postbacks, empty for none; absent for keys that may not write.
        #[serde(skip_serializing_if = "Option::is_none")]
        postback_secret: Option<String>,
        /// Advertisers: whether postbacks without a signature are refused.
        #[serde(skip_serializing_if = "Option::is_none")]
        is_postback_signed: Option<bool>,
        /// Advertisers: addresses and networks from which postbacks are taken; everywhere when there are none.
        #[serde(skip_serializing_if = "Option::is_none")]
        postback_networks: Option<Vec<Network>>,
        /// Webmasters: where visitors of your links go whom no offer takes, when the link itself names no address; empty
        /// for none. Absent for others.
        #[serde(skip_serializing_if = "Option::is_none")]
        url_traffback: Option<String>,
    }
}

impl Engine {
    /// Your account, as a list of one.
    pub async fn profile_list(&self, caller: Caller) -> Result<Vec<ProfileView>> {
        caller.may(Resource::Profile, Method::List)?;
        let row = person::view(&self.store().read(), Scope::All, caller.user_id).await?;
        match row {
            Some(row) => Ok(vec![self.profile_shown(caller, row).await?]),
            None => Ok(Vec::new()),
        }
    }

    /// Your account by your user id; any other id answers like a missing one.
    pub async fn profile_view(&self, caller: Caller, id: i64) -> Result<ProfileView> {
        caller.may(Resource::Profile, Method::View)?;
        own(caller, id)?;
        let row = person::view(&self.store().read(), Scope::All, id).await?;
        self.profile_shown(caller, row.ok_or(Error::NotFound)?).await
    }

    /// Changes your account; absent fields keep their value.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the password was changed by another request at the same time.
    pub async fn profile_update(&self, caller: Caller, id: i64, input: ProfileUpdate) -> Result<()> {
        self.profile_change(caller, id, input, false).await
    }

    /// As [`Engine::profile_update`] of the caller's account; where it changes the password, all of his API keys are
    /// revoked on wish, and he gets a new profile key. For the site; not part of the API.
    ///
    /// # Errors
    /// As [`Engine::profile_update`].
    pub async fn password_update(
        &self,
        caller: Caller,
        input: ProfileUpdate,
        revokes_keys: bool,
    ) -> Result<()> {
        self.profile_change(caller, caller.user_id, input, revokes_keys).await
    }

    async fn profile_change(
        &self,
        caller: Caller,
        id: i64,
        input: ProfileUpdate,
        revokes_keys: bool,
    ) -> Result<()> {
        caller.may(Resource::Profile, Method::Update)?;
        own(caller, id)?;
        let row = person::view(&self.store().read(), Scope::All, id).await?.ok_or(Error::NotFound)?;
        check_sent(caller, &row, &input)?;
        let proven = self.prove(&row, &input).await?;
        let hash = match input.password.clone() {
            Some(password) => Some(password_hash(password).await?),
            None => None,
        };
        let (input, hash, proven) = (&input, &hash, &proven);
        self.change(move |db| async move {
            let before = person::view_for_update(&db, Scope::All, id).await?.ok_or(Error::NotFound)?;
            if proven.as_ref().is_some_and(|proven| *proven != before.password_hash) {
                return Err(Error::Conflict("The password has just been changed".to_owned()));
            }
            let mut errors = FieldErrors::default();
            let mut row = input.card().apply(before.clone(), &mut errors);
            if let Some(url) = &input.url_traffback {
                self.check_traffback(&mut errors, url, id);
                row.url_traffback.clone_from(url);
            }
            errors.finish()?;
            row.password_hash = hash.clone().unwrap_or(row.password_hash);
            row.notify_telegram = input.notify_telegram.as_deref().map_or(row.notify_telegram, Notify::bits);
            let is_rotated = input.rotate_postback_token == Some(true);
            if is_rotated {
                self.token_rotate(&mut row, input.postback_overlap_hours.unwrap_or(OVERLAP_HOURS))?;
            }
            let is_resealed = self.sender_apply(&mut row, input)?;
            let mut changes = Changes::updated(&before, &row);
            if is_resealed {
                changes = changes.also("postback_secret", json!("replaced"));
            }
            if input.is_telegram_linked == Some(false) && letter_chat::unlink(&db, id).await? {
                changes = changes.also("telegram", json!("disconnected"));
            }
            let is_known = is_rotated
                || sender_of(&before) != sender_of(&row)
                || row.url_traffback != before.url_traffback;
            if hash.is_some() {
                changes = changes.also("password", json!("changed"));
                // Who knows the old password only must not stay signed in.
                session::revoke_others(&db, id, caller.origin.session_id, self.now()).await?;
                if revokes_keys {
                    changes = self.keys_replace(&db, id, changes).await?;
                }
            }
            if is_rotated {
                changes = changes.also("postback_token", json!("replaced"));
            }
            let changes = self.profile_told(&db, &before, &mut row, changes).await?;
            person::update(&db, row).await?;
            self.profile_changed(&db, id, is_known).await?;
            self.note(&db, caller, Resource::Profile, id, changes).await
        })
        .await
    }

    /// Sets how an advertiser's postbacks must come; tells whether there is a new secret.
    fn sender_apply(&self, row: &mut User, input: &ProfileUpdate) -> Result<bool> {
        let is_resealed = input.rotate_postback_secret == Some(true);
        if is_resealed {
            row.postback_secret = self.vault().seal(self.rng(), &self.rng().letters(SECRET_LETTERS))?;
        }
        row.is_postback_signed = input.is_postback_signed.unwrap_or(row.is_postback_signed);
        if row.is_postback_signed && row.postback_secret.is_empty() {
            return Err(Error::field("is_postback_signed", "Make a secret first: rotate_postback_secret=1"));
        }
        if let Some(networks) = input.postback_networks.clone() {
            row.postback_networks = Networks(networks).text();
        }
        Ok(is_resealed)
    }

    /// The readable secret of an advertiser's signatures, empty for none.
    fn secret_text(&self, row: &User) -> Result<String> {
        if row.postback_secret.is_empty() {
            return Ok(String::new());
        }
        let lost = || Error::Internal(format!("the postback secret of user {} cannot be decrypted", row.id));
        self.vault().open_text(&row.postback_secret).ok_or_else(lost)
    }

    /// Tells the owner at his address that something was changed which opens the account.
    async fn profile_told(
        &self,
        db: &Db,
        before: &User,
        row: &mut User,
        changes: Changes,
    ) -> Result<Changes> {
        if row.email != before.email {
            row.is_email_confirmed = !self.sends_letters();
            self.email_told(db, before, row).await?;
        }
        if row.password_hash == before.password_hash {
            return Ok(changes);
        }
        self.password_told(db, before, "owner", changes).await
    }

    /// What postbacks are checked by must be known to every node that receives them, a traffic-back to those that send
    /// visitors.
    async fn profile_changed(&self, db: &Db, id: i64, is_known: bool) -> Result<()> {
        if is_known { change::create(db, ChangeKind::User, id, self.now()).await } else { Ok(()) }
    }

    /// Checks the present password where it is needed; gives the hash that it fits.
    async fn prove(&self, row: &User, input: &ProfileUpdate) -> Result<Option<String>> {
        let is_needed = needs_password(row, input);
        let Some(password) = input.current_password.clone() else {
            let message = "This parameter is required to change the password or the e-mail address";
            return if is_needed { Err(Error::field("current_password", message)) } else { Ok(None) };
        };
        self.guess(row.id, "current_password")?;
        let fits = password_fits(password, row.password_hash.clone()).await;
        if self.guess_returned(row.id, "current_password", fits)? {
            Ok(Some(row.password_hash.clone()))
        } else {
            Err(Error::field("current_password", "Wrong password"))
        }
    }

    async fn profile_shown(&self, caller: Caller, row: User) -> Result<ProfileView> {
        let db = self.store().read();
        let key = api_key::profile(&db, row.id).await?;
        let manager = match row.manager_id {
            Some(id) => person::view(&db, Scope::All, id).await?.filter(User::is_active).map(manager_shown),
            None => None,
        };
        // The token reports leads, so a key that may only read must not turn into it.
        let postback_token = if caller.origin.rights.write { self.token_text(&row)? } else { None };
        let is_sender = row.level() == UserLevel::Advertiser;
        let shows_secret = is_sender && caller.origin.rights.write;
        let postback_secret = if shows_secret { Some(self.secret_text(&row)?) } else { None };
        Ok(ProfileView {
            id: row.id,
            level: row.level(),
            role: (row.level() == UserLevel::Operator).then(|| row.caller().role),
            aff_id: AffId::of(row.id),
            notify: Notify::from_bits(row.notify),
            notify_telegram: Notify::from_bits(row.notify_telegram),
            is_telegram_linked: letter_chat::view(&db, row.id)
                .await?
                .is_some_and(|chat| chat.chat_id.is_some()),
            telegram_url: if caller.may_secure() { self.telegram_url(row.id).await? } else { None },
            rank: row.rank,
            trust: Trust::from_code(row.trust).unwrap_or(Trust::New),
            traffic_kinds: traffic_kinds(&row),
            categories: person::categories(&db, &[row.id]).await?.remove(&row.id).unwrap_or_default(),
            manager,
            referrer: referrer(&db, row.id).await?,
            date_created: Time(row.date_created),
            key_prefix: key.map(|key| key.prefix).unwrap_or_default(),
            postback_token,
            date_postback_old: self.token_overlap(&row),
            postback_secret,
            is_postback_signed: is_sender.then_some(row.is_postback_signed),
            postback_networks: is_sender
                .then(|| Networks::from_text(&row.postback_networks).unwrap_or_default().0),
            url_traffback: (row.level() == UserLevel::Webmaster).then(|| row.url_traffback.clone()),
            login: row.login,
            name: row.name,
            email: row.email,
            is_email_confirmed: row.is_email_confirmed,
            telegram: row.telegram,
            phone: row.phone,
            site: row.site,
            language: row.language,
            time_zone: row.time_zone,
        })
    }
}

impl ProfileUpdate {
    fn card(&self) -> Card {
        Card {
            name: self.name.clone(),
            email: self.email.clone(),
            telegram: self.telegram.clone(),
            phone: self.phone.clone(),
            site: self.site.clone(),
            language: self.language,
            time_zone: self.time_zone.clone(),
            notify: self.notify.clone(),
            ..Card::default()
        }
    }
}

/// What postbacks are checked by.
fn sender_of(row: &User) -> (&str, bool, &str) {
    (&row.postback_secret, row.is_postback_signed, &row.postback_networks)
}

fn own(caller: Caller, id: i64) -> Result<()> {
    if id == caller.user_id { Ok(()) } else { Err(Error::NotFound) }
}

/// A new password shuts the old one out, and letters to a new address may open the account.
fn needs_password(row: &User, input: &ProfileUpdate) -> bool {
    input.password.is_some() || input.email.as_ref().is_some_and(|email| email.trim() != row.email)
}

fn check_sent(caller: Caller, row: &User, input: &ProfileUpdate) -> Result<()> {
    let mut errors = FieldErrors::default();
    if let Some(password) = &input.password {
        password_check(&mut errors, &row.login, password);
    }
    let is_rotated = input.rotate_postback_token == Some(true);
    if row.level() != UserLevel::Advertiser {
        for (field, is_sent) in [
            ("rotate_postback_token", is_rotated),
            ("postback_overlap_hours", input.postback_overlap_hours.is_some()),
            ("rotate_postback_secret", input.rotate_postback_secret == Some(true)),
            ("is_postback_signed", input.is_postback_signed == Some(true)),
            ("postback_networks", input.postback_networks.is_some()),
        ] {
            if is_sent {
                errors.add(field, "Only advertisers send postbacks to the network");
            }
        }
    } else if let Some(hours) = input.postback_overlap_hours {
        OVERLAP.check_number(&mut errors, "postback_overlap_hours", hours);
        if !is_rotated {
            errors.add("postback_overlap_hours", "Only with rotate_postback_token");
        }
    }
    if input.is_telegram_linked == Some(true) {
        errors.add("is_telegram_linked", "Open telegram_url in Telegram instead");
    }
    if row.level() != UserLevel::Webmaster && input.url_traffback.is_some() {
        errors.add("url_traffback", "Only webmasters have a traffic-back address");
    }
    let secured = [
        ("password", input.password.is_some()),
        ("email", input.email.is_some()),
        ("rotate_postback_token", is_rotated),
        ("rotate_postback_secret", input.rotate_postback_secret == Some(true)),
        ("is_postback_signed", input.is_postback_signed.is_some()),
        ("postback_networks", input.postback_networks.is_some()),
    ];
    if input.postback_networks.as_ref().is_some_and(|networks| networks.len() > NETWORK_LIMIT) {
        errors.add("postback_networks", format!("At most {NETWORK_LIMIT} networks"));
    }
    check_secured(&mut errors, caller, &secured);
    errors.finish()
}

/// Who brought this person.
async fn referrer(db: &Db, person_id: i64) -> Result<Option<ReferrerView>> {
    let Some(row) = referral::view(db, Scope::All, person_id).await? else { return Ok(None) };
    let name = person::view(db, Scope::All, row.referrer_id).await?.map(|person| person.name);
    let name = masked_name(&name.unwrap_or_default());
    Ok(Some(ReferrerView { name, percent: percent(row.ppm), date_end: row.date_end.map(Time) }))
}

fn manager_shown(row: User) -> ManagerView {
    ManagerView { name: row.name, email: row.email, telegram: row.telegram, phone: row.phone }
}
