//! Pictures: in which sizes they are kept, and what is accepted.

/// Most bytes of a picture that is sent.
pub const IMAGE_BYTES: usize = 5 << 20;
/// Most pixels of a picture that is sent: a decoder needs memory for each.
pub const IMAGE_PIXELS: u64 = 16_000_000;
/// Longest side of a picture that is sent, in pixels.
pub const IMAGE_SIDE: u32 = 10_000;

/// Box of the small picture, in pixels: for lists.
pub const SMALL_BOX: u32 = 120;
/// Box of the middle picture, in pixels: for cards.
pub const MIDDLE_BOX: u32 = 360;
/// Box of the big picture, in pixels: for pages.
pub const BIG_BOX: u32 = 1024;

/// One of the three sizes of a picture (whocpa.md §2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageSize {
    /// Within [`SMALL_BOX`].
    Small,
    /// Within [`MIDDLE_BOX`].
    Middle,
    /// Within [`BIG_BOX`].
    Big,
}

impl ImageSize {
    /// All three, from the smallest.
    pub const ALL: [Self; 3] = [Self::Small, Self::Middle, Self::Big];

    /// The word in answers and addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Middle => "middle",
            Self::Big => "big",
        }
    }

    /// The size with this word.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|size| size.name() == name)
    }

    /// The side of its box.
    pub fn side(self) -> u32 {
        match self {
            Self::Small => SMALL_BOX,
            Self::Middle => MIDDLE_BOX,
            Self::Big => BIG_BOX,
        }
    }

    /// Width and height of a picture in its box: in proportion, never larger than it was, at least one pixel.
    pub fn fit(self, width: u32, height: u32) -> (u32, u32) {
        let (longer, side) = (width.max(height), self.side());
        if longer <= side {
            return (width, height);
        }
        let scaled = |length: u32| {
            let (length, side, longer) = (u64::from(length), u64::from(side), u64::from(longer));
            u32::try_from((length * side + longer / 2) / longer).unwrap_or(self.side()).max(1)
        };
        (scaled(width), scaled(height))
    }
}

/// What a picture is kept as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageKind {
    /// Without transparent places.
    Jpeg,
    /// With transparent places.
    Png,
}

impl ImageKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Jpeg, Self::Png];

    /// The ending of its name.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    /// Its type in HTTP.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// Hexadecimal digits of the hash in a picture's name.
pub const HASH_DIGITS: usize = 40;

/// The name of a stored picture, `<hash>.<ending>`: what is kept under it never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageName {
    /// Hash of the content, [`HASH_DIGITS`] hexadecimal digits.
    pub hash: String,
    /// What it is.
    pub kind: ImageKind,
}

impl ImageName {
    /// As it is stored.
    pub fn stored(&self) -> String {
        format!("{}.{}", self.hash, self.kind.ending())
    }

    /// The last part of the address of one size: `<hash>-<size>.<ending>`.
    pub fn file(&self, size: ImageSize) -> String {
        format!("{}-{}.{}", self.hash, size.name(), self.kind.ending())
    }

    /// Reads a stored name.
    pub fn parse(stored: &str) -> Option<Self> {
        let (hash, ending) = stored.split_once('.')?;
        let kind = ImageKind::ALL.into_iter().find(|kind| kind.ending() == ending)?;
        let is_hash = hash.len() == HASH_DIGITS
            && hash.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit));
        is_hash.then(|| Self { hash: hash.to_owned(), kind })
    }

    /// Reads the last part of an address.
    pub fn parse_file(file: &str) -> Option<(Self, ImageSize)> {
        let (hash, rest) = file.split_once('-')?;
        let (size, ending) = rest.split_once('.')?;
        Some((Self::parse(&format!("{hash}.{ending}"))?, ImageSize::by_name(size)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_shrinks_into_its_box_and_never_grows() {
        assert_eq!(ImageSize::Small.fit(100, 50), (100, 50));
        assert_eq!(ImageSize::Small.fit(120, 120), (120, 120));
        assert_eq!(ImageSize::Small.fit(240, 120), (120, 60));
        assert_eq!(ImageSize::Middle.fit(1, 10_000), (1, 360));
        assert_eq!(ImageSize::Big.fit(4000, 3000), (1024, 768));
    }

    #[test]
    fn names_and_addresses_are_read_back_and_nothing_else_is() {
        let name = ImageName { hash: "0123456789".repeat(4), kind: ImageKind::Jpeg };
        assert_eq!(ImageName::parse(&name.stored()), Some(name.clone()));
        let file = name.file(ImageSize::Middle);
        assert_eq!(ImageName::parse_file(&file), Some((name, ImageSize::Middle)));
        let bad = ["", "x", "-big.png", "../a-big.png", "00-big.png"];
        let bad = bad.into_iter().map(str::to_owned);
        for file in
            bad.chain([file.replace("middle", "huge"), file.replace("jpg", "svg"), file.replace('0', "A")])
        {
            assert_eq!(ImageName::parse_file(&file), None, "{file}");
        }
    }
}
