//! QR codes as paths of SVG.

use std::fmt::Write as _;

use qrcodegen::{QrCode, QrCodeEcc};
use whocpa_domain::{Error, Result};

/// Modules of empty space around a code, without which cameras do not find it.
const QUIET: i32 = 4;

/// The dark squares of a text's code as an SVG image at a `data:` address.
pub(super) fn path(text: &str) -> Result<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium);
    let code = code.map_err(|_| Error::Internal("a text is too long for a QR code".to_owned()))?;
    let side = code.size() + 2 * QUIET;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            let _ = write!(path, "M{} {}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    // Only what the code is made of is in it: numbers and letters of paths.
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {side} {side}' shape-rendering='crispEdges'>\
         <rect width='{side}' height='{side}' fill='#fff'/><path d='{path}'/></svg>"
    );
    let plain = percent_encoding::utf8_percent_encode(&svg, percent_encoding::NON_ALPHANUMERIC);
    Ok(format!("data:image/svg+xml,{plain}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_code_is_a_picture() {
        let svg = super::path("otpauth://totp/whocpa:a?secret=ABC").expect("a code");
        assert!(svg.starts_with("data:image/svg+xml,%3Csvg"), "{svg}");
    }
}
