//! `whocpa admin`

use std::io::{IsTerminal, Read};

use clap::{Args, Subcommand, ValueEnum};
use whocpa_domain::Error;
use whocpa_domain::role::Role;
use whocpa_domain::user::UserLevel;
use whocpa_engine::Caller;
use whocpa_engine::user::UserCreate;

use super::{Settings, say, told};
use crate::app;

/// Help operators.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Make an operator; the password is read from standard input, never from the command line
    Create(Create),
    /// Give somebody a new password, read from standard input; end his sessions and revoke his API keys
    Password(Password),
}

/// Make an operator.
#[derive(Debug, Args)]
pub struct Create {
    #[command(flatten)]
    settings: Settings,
    /// What the operator signs in with
    #[arg(long)]
    login: String,
    /// What others call the operator
    #[arg(long, default_value = "Operator")]
    name: String,
    /// What the operator may do
    #[arg(long, value_enum, default_value_t = RoleName::Owner)]
    role: RoleName,
}

/// Give somebody a new password.
#[derive(Debug, Args)]
pub struct Password {
    #[command(flatten)]
    settings: Settings,
    /// What he signs in with
    #[arg(long)]
    login: String,
    /// Take his second factor away: his app and his recovery codes are lost
    #[arg(long)]
    drop_second_factor: bool,
}

/// A role in the words of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RoleName {
    /// Everything
    Owner,
    /// The people assigned to him, with what is theirs
    Manager,
    /// Payouts, deposits, currencies, rates
    Finance,
    /// Moderation, news, tickets
    Support,
}

impl RoleName {
    fn role(self) -> Role {
        match self {
            Self::Owner => Role::Owner,
            Self::Manager => Role::Manager,
            Self::Finance => Role::Finance,
            Self::Support => Role::Support,
        }
    }
}

impl Admin {
    /// Does it.
    pub async fn run(self) -> Result<(), String> {
        match self {
            Self::Create(create) => create.run().await,
            Self::Password(password) => password.run().await,
        }
    }
}

impl Password {
    async fn run(self) -> Result<(), String> {
        let password = read_password()?;
        let engine = app::open(&self.settings.read()?).await.map_err(|e| told(&e))?;
        let done = engine.account_rescue(&self.login, password, self.drop_second_factor).await;
        let closed = engine.close().await;
        let id = match done {
            Err(Error::NotFound) => return Err(format!("nobody has the login {}", self.login)),
            done => done.map_err(|e| told(&e))?,
        };
        closed.map_err(|e| told(&e))?;
        say(&format!(
            "password of {} (id {id}) changed; all sessions are over, all API keys are revoked, and there is a new profile key",
            self.login
        ));
        Ok(())
    }
}

impl Create {
    async fn run(self) -> Result<(), String> {
        let create = self;
        let password = read_password()?;
        let engine = app::open(&create.settings.read()?).await.map_err(|e| told(&e))?;
        let role = Some(create.role.role());
        let input = UserCreate {
            role,
            ..UserCreate::new(UserLevel::Operator, &create.login, &create.name, &password)
        };
        let made = engine.user_create(Caller::SYSTEM, input).await;
        let made = match made {
            Ok(id) => engine.profile_key(id).await.map(|key| (id, key)),
            Err(refused) => Err(refused),
        };
        // Closed in both cases; the refusal is what the person must read first.
        let closed = engine.close().await;
        let (id, key) = made.map_err(|e| told(&e))?;
        closed.map_err(|e| told(&e))?;
        say(&format!("operator {} made, id {id}\nAPI key {key}", create.login));
        Ok(())
    }
}

/// One line: typed (and shown) on a terminal, or the whole of a pipe.
fn read_password() -> Result<String, String> {
    let mut text = String::new();
    let input = std::io::stdin();
    if input.is_terminal() {
        super::complain("password (it is shown while you type), then Enter:");
        input.read_line(&mut text).map_err(|e| e.to_string())?;
    } else {
        input.lock().read_to_string(&mut text).map_err(|e| e.to_string())?;
    }
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
