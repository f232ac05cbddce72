//! A click in the bytes of the log.
//!
//! The first byte is the form of what follows. A new version writes the newest form and reads every older one: what an
//! old version acknowledged and did not drain before it was replaced is not lost.

use serde::Deserialize;
use whocpa_domain::click::Click;

/// The form that is written.
const FORM: u8 = 2;

/// Appends to the log's buffer, which holds other records too and must keep them.
struct Append<'a>(&'a mut Vec<u8>);

impl postcard::ser_flavors::Flavor for Append<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Writes the log's form of a click. Numbers and texts into memory: there is nothing that could fail.
pub(super) fn encode(click: &Click, buffer: &mut Vec<u8>) {
    buffer.push(FORM);
    if let Err(error) = postcard::serialize_with_flavor(click, Append(buffer)) {
        tracing::error!(click.id, %error, "a click could not be encoded");
    }
}

/// Reads the log's form of a click; a form of a newer version is refused, never misread.
pub(super) fn decode(payload: &[u8]) -> Result<Click, postcard::Error> {
    match payload.split_first() {
        Some((&FORM, fields)) => postcard::from_bytes(fields),
        Some((&1, fields)) => postcard::from_bytes::<First>(fields).map(Click::from),
        _ => Err(postcard::Error::DeserializeBadEncoding),
    }
}

/// The first form: a click without facts about the visitor.
#[derive(Deserialize)]
struct First {
    id: i64,
    link_id: i64,
    offer_id: i64,
    webmaster_id: i64,
    area_id: i64,
    reason: i64,
    code: String,
    ip: String,
    country: String,
    ua: String,
    language: String,
    referer: String,
    keyword: String,
    subid: [String; 5],
    query: String,
    cookie_ttl_days: i64,
}

impl From<First> for Click {
    fn from(first: First) -> Self {
        Self {
            id: first.id,
            link_id: first.link_id,
            offer_id: first.offer_id,
            webmaster_id: first.webmaster_id,
            area_id: first.area_id,
            reason: first.reason,
            code: first.code,
            ip: first.ip,
            country: first.country,
            ua: first.ua,
            language: first.language,
            referer: first.referer,
            keyword: first.keyword,
            subid: first.subid,
            query: first.query,
            cookie_ttl_days: first.cookie_ttl_days,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_reads_back() {
        let click = Click {
            id: i64::MAX,
            code: "abc".to_owned(),
            subid: ["a", "", "ж", "", "\u{0}"].map(str::to_owned),
            device: 2,
            os: "Android".to_owned(),
            is_unique: true,
            trace: "1+7".to_owned(),
            params: "gclid=x".to_owned(),
            ..Click::default()
        };
        let mut buffer = b"before".to_vec();
        encode(&click, &mut buffer);
        assert_eq!(decode(&buffer[6..]), Ok(click));
    }

    /// These bytes were written by the first form.
    #[test]
    fn the_first_form_is_still_read() {
        let mut bytes = vec![1];
        for number in [14u8, 2, 4, 6, 8, 0] {
            bytes.push(number);
        }
        for text in ["abc", "8.8.8.8", "US", "Mozilla/5.0", "ru", "https://example.com/", "word"] {
            bytes.push(u8::try_from(text.len()).expect("short"));
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes.extend_from_slice(&[1, b'a', 0, 0, 0, 0]);
        bytes.push(10);
        bytes.extend_from_slice(b"subid1=a&x");
        bytes.push(60);
        let click = decode(&bytes).expect("the first form");
        assert_eq!((click.id, click.link_id, click.area_id, click.cookie_ttl_days), (7, 1, 4, 30));
        assert_eq!((click.country.as_str(), click.keyword.as_str()), ("US", "word"));
        assert_eq!((click.subid[0].as_str(), click.query.as_str()), ("a", "subid1=a&x"));
        assert_eq!((click.device, click.os.as_str(), click.is_unique), (0, "", false));
        assert!(decode(&[3, 0]).is_err(), "a newer form is refused");
        assert!(decode(&[]).is_err() && decode(&bytes[..9]).is_err());
    }
}
