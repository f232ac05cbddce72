//! Texts made comparable, for searching in names.

/// A text as searches compare it: small letters of any alphabet, `ё` as `е`, one space between words. Databases do not
/// agree about letters beyond Latin, so names are stored in this form too.
pub fn fold(text: &str) -> String {
    let lower = text.to_lowercase().replace('ё', "е");
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_all_alphabets_are_folded() {
        assert_eq!(fold("  Зелёный \t ЧАЙ "), "зеленый чай");
        assert_eq!(fold("ÉCLAIR Їжак"), "éclair їжак");
        assert_eq!(fold(" "), "");
    }
}
