//! Wallets: accounts with ways of payment, what a right one looks like, and how it is shown.

use std::str::FromStr;

use iban::{Iban, IbanLike};
use sha2::Sha256;
use sha3::{Digest, Keccak256};

use crate::codes;

codes! {
    /// Way of being paid.
    pub enum WalletKind {
        Capitalist = 1 "Capitalist",
        Payoneer = 2 "Payoneer",
        Usdt = 3 "USDT",
        Card = 4 "bank card",
        Bank = 5 "bank account",
    }
}

codes! {
    /// Whether a wallet may be used.
    pub enum WalletStatus {
        Review = 0 "on review",
        Approved = 1 "may be paid to",
        Rejected = 2 "rejected",
    }
}

/// A blockchain on which USDT moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    /// Tron.
    Trc20,
    /// Ethereum.
    Erc20,
}

impl Chain {
    /// Its names in requests, answers and the database.
    pub const NAMES: [&'static str; 2] = ["TRC20", "ERC20"];

    /// The chain of this name.
    pub fn by_name(name: &str) -> Option<Self> {
        match name {
            "TRC20" => Some(Self::Trc20),
            "ERC20" => Some(Self::Erc20),
            _ => None,
        }
    }
}

/// Hours after a wallet was added in which nothing is paid to it: time for its owner to notice that it was not he.
pub const FREEZE_HOURS: i64 = 48;

/// First byte of a Tron address.
const TRON: u8 = 0x41;

/// The account as it is stored, once it is known to be one: a payment to a mistyped one is lost.
///
/// # Errors
/// What is wrong with it, in words.
pub fn account(kind: WalletKind, chain: Option<Chain>, text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    match (kind, chain) {
        (WalletKind::Capitalist, _) => capitalist(text),
        (WalletKind::Payoneer, _) => email(text),
        (WalletKind::Usdt, Some(Chain::Erc20)) => ethereum(text),
        (WalletKind::Usdt, _) => tron(text),
        (WalletKind::Card, _) => card(text),
        (WalletKind::Bank, _) => match Iban::from_str(&text.to_ascii_uppercase()) {
            Ok(iban) => Ok(iban.electronic_str().to_owned()),
            Err(_) => Err("Must be an IBAN; its check digits do not fit"),
        },
    }
}

/// The account with its middle part masked: enough for its owner to know it by.
pub fn masked(kind: WalletKind, account: &str) -> String {
    if kind == WalletKind::Payoneer {
        let (name, host) = account.split_once('@').unwrap_or((account, ""));
        let first: String = name.chars().take(1).collect();
        return format!("{first}***@{host}");
    }
    let chars: Vec<char> = account.chars().collect();
    // Of a card no more than its last four digits.
    let head = if kind == WalletKind::Card { 0 } else { 4.min(chars.len() / 4) };
    let tail = 4.min(chars.len() / 3);
    let (first, last) = (&chars[..head], &chars[chars.len() - tail..]);
    first.iter().chain(&['*', '*', '*']).chain(last).collect()
}

fn capitalist(text: &str) -> Result<String, &'static str> {
    let plain = text.to_ascii_uppercase();
    let digits = plain.strip_prefix(|c: char| c.is_ascii_uppercase()).unwrap_or_default();
    let is_right = (4..=19).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    is_right
        .then_some(plain)
        .ok_or("Must be a Capitalist account: a letter and 4 to 19 digits, such as U0123456")
}

fn email(text: &str) -> Result<String, &'static str> {
    let wrong = "Must be the e-mail address of the Payoneer account";
    let (name, host) = text.split_once('@').ok_or(wrong)?;
    let is_plain = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"@,;<>\"".contains(c))
    };
    let is_host = host.contains('.') && !host.starts_with('.') && !host.ends_with('.');
    if is_plain(name) && is_plain(host) && is_host { Ok(text.to_ascii_lowercase()) } else { Err(wrong) }
}

/// Base58Check: a byte for the network, 20 of the address, and four of its doubled SHA-256.
fn tron(text: &str) -> Result<String, &'static str> {
    let wrong = "Must be a TRC20 address: 34 characters that begin with T";
    let bytes = bs58::decode(text).into_vec().map_err(|_| wrong)?;
    let Ok(bytes) = <[u8; 25]>::try_from(bytes) else { return Err(wrong) };
    let (body, check) = bytes.split_at(21);
    if body.first() != Some(&TRON) {
        return Err(wrong);
    }
    let twice = Sha256::digest(Sha256::digest(body));
    if twice.starts_with(check) {
        Ok(text.to_owned())
    } else {
        Err("The address is mistyped: its check sum does not fit")
    }
}

/// EIP-55: a letter is a capital where the hash of the small ones has a high digit. One without capitals is refused: it
/// has no check sum, and nobody gets money back that was sent to a mistyped address.
fn ethereum(text: &str) -> Result<String, &'static str> {
    let wrong = "Must be an ERC20 address: 0x and 40 hexadecimal digits";
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 40).ok_or(wrong)?;
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(wrong);
    }
    let hash = Keccak256::digest(digits.to_ascii_lowercase());
    let nibbles = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let is_right =
        digits.chars().zip(nibbles).all(|(c, high)| c.is_ascii_digit() || c.is_uppercase() == (high >= 8));
    if is_right {
        Ok(text.to_owned())
    } else {
        Err("The address is mistyped, or its capital letters are missing: they are its check sum")
    }
}

fn card(text: &str) -> Result<String, &'static str> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    if !(13..=19).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err("Must be the 13 to 19 digits of a card");
    }
    // Luhn: every second digit from the right counts twice, its digits added up.
    let sum: u32 = digits
        .bytes()
        .rev()
        .zip([1u32, 2].into_iter().cycle())
        .map(|(digit, weight)| {
            let value = u32::from(digit - b'0') * weight;
            value / 10 + value % 10
        })
        .sum();
    if sum.is_multiple_of(10) {
        Ok(digits)
    } else {
        Err("The number is mistyped: its check digit does not fit")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TRC: &str = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
    const ERC: &str = "0xdAC17F958D2ee523a2206206994597C13D831ec7";

    #[test]
    fn right_accounts_are_taken_as_they_are_written() {
        for (kind, chain, text, stored) in [
            (WalletKind::Capitalist, None, " u0123456 ", "U0123456"),
            (WalletKind::Payoneer, None, "Wendy@Blog.example", "wendy@blog.example"),
            (WalletKind::Usdt, Some(Chain::Trc20), TRC, TRC),
            (WalletKind::Usdt, Some(Chain::Erc20), ERC, ERC),
            // The four of EIP-55.
            (
                WalletKind::Usdt,
                Some(Chain::Erc20),
                "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
                "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            ),
            (
                WalletKind::Usdt,
                Some(Chain::Erc20),
                "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
                "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            ),
            (WalletKind::Card, None, "4111 1111-1111 1111", "4111111111111111"),
            (WalletKind::Bank, None, "de89 3704 0044 0532 0130 00", "DE89370400440532013000"),
            (WalletKind::Bank, None, "GB29NWBK60161331926819", "GB29NWBK60161331926819"),
        ] {
            assert_eq!(account(kind, chain, text).as_deref(), Ok(stored), "{text}");
        }
    }

    #[test]
    fn wrong_ones_are_refused() {
        for (kind, chain, text) in [
            (WalletKind::Capitalist, None, "0123456"),
            (WalletKind::Capitalist, None, "U٣٣٣٣٣"),
            (WalletKind::Payoneer, None, "wendy"),
            (WalletKind::Payoneer, None, "a@b.example, c@d.example"),
            (WalletKind::Usdt, Some(Chain::Trc20), ERC),
            (WalletKind::Usdt, Some(Chain::Erc20), TRC),
            (WalletKind::Usdt, Some(Chain::Erc20), "0xdac17f958d2ee523a2206206994597c13d831ec7"),
            (WalletKind::Usdt, Some(Chain::Trc20), "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"),
            (WalletKind::Card, None, "4111111111111112"),
            (WalletKind::Card, None, "0"),
            (WalletKind::Bank, None, "DE88370400440532013000"),
            (WalletKind::Bank, None, ""),
        ] {
            assert!(account(kind, chain, text).is_err(), "{kind:?} {text}");
        }
    }

    #[test]
    fn a_masked_account_is_not_the_account() {
        for (kind, text, shown) in [
            (WalletKind::Capitalist, "U0123456", "U0***56"),
            (WalletKind::Payoneer, "wendy@blog.example", "w***@blog.example"),
            (WalletKind::Usdt, TRC, "TR7N***Lj6t"),
            (WalletKind::Card, "4111111111111111", "***1111"),
            (WalletKind::Bank, "DE89370400440532013000", "DE89***3000"),
        ] {
            assert_eq!(masked(kind, text), shown);
        }
    }

    proptest! {
        /// No single wrong character goes unnoticed.
        #[test]
        fn a_slip_of_the_finger_is_found(at in 1usize..34, other in "[1-9A-HJ-NP-Za-km-z]") {
            let mut text = TRC.to_owned();
            text.replace_range(at..=at, &other);
            prop_assert_eq!(account(WalletKind::Usdt, Some(Chain::Trc20), &text).is_ok(), text == TRC);
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,60}", kind in 0usize..5) {
            for chain in [None, Some(Chain::Trc20), Some(Chain::Erc20)] {
                if let Ok(stored) = account(WalletKind::ALL[kind], chain, &text) {
                    prop_assert!(masked(WalletKind::ALL[kind], &stored) != stored);
                }
            }
        }
    }
}
