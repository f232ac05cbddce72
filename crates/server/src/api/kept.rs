//! Bodies that many ask for: written, tagged and compressed once.

use std::io::{self, Write as _};
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use brotli::CompressorWriter;
use flate2::Compression;
use flate2::write::GzEncoder;
use whocpa_engine::kept::Written;

use super::error::json_response;
use super::etag;

/// How hard brotli tries, 0 to 11: beyond this it takes seconds.
const BROTLI_QUALITY: u32 = 5;
/// How far brotli looks back: 2^22 bytes.
const BROTLI_WINDOW: u32 = 22;

/// The forms of a text. It takes some ten milliseconds for each megabyte.
pub(super) fn written(text: &[u8]) -> Written {
    let forms = [("br", brotli(text).ok()), ("gzip", gzip(text).ok())];
    let packed = forms.into_iter().filter_map(|(name, form)| {
        let form = form.filter(|form| form.len() < text.len())?;
        Some((name, Arc::from(form)))
    });
    let tag = etag::tag(text).to_str().unwrap_or_default().to_owned();
    Written { plain: text.into(), packed: packed.collect(), tag }
}

fn brotli(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut writer = CompressorWriter::new(Vec::new(), 1 << 16, BROTLI_QUALITY, BROTLI_WINDOW);
    writer.write_all(text)?;
    writer.flush()?;
    Ok(writer.into_inner())
}

fn gzip(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::default());
    writer.write_all(text)?;
    writer.finish()
}

/// The answer with this body, compressed where the caller takes that, and its tag.
pub(super) fn response(asked: &HeaderMap, written: &Written) -> (Response, HeaderValue) {
    let packed = written.packed.iter().find(|(name, _)| takes(asked, name));
    let form = packed.map_or(&written.plain, |(_, form)| form);
    let mut response = json_response(StatusCode::OK, Bytes::from_owner(Arc::clone(form)));
    if let Some((name, _)) = packed {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    let tag = HeaderValue::try_from(written.tag.as_str()).unwrap_or(HeaderValue::from_static("W/\"\""));
    (response, tag)
}

/// Whether `Accept-Encoding` has a coding and does not forbid it by `q=0` (RFC 9110 §12.5.3).
fn takes(asked: &HeaderMap, coding: &str) -> bool {
    let lines = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|taken| {
        let (name, weight) = taken.split_once(';').unwrap_or((taken, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case(coding) && weight != Some(0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_goes_to_those_who_take_it() {
        let takes = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, text.parse().expect("a header value"));
            takes(&headers, "gzip")
        };
        for text in ["gzip", "br, GZIP;q=0.5", "deflate,gzip ; q=1"] {
            assert!(takes(text), "{text}");
        }
        for text in ["", "br", "gzip;q=0", "identity, gzip;q=0.0"] {
            assert!(!takes(text), "{text}");
        }
    }
}
