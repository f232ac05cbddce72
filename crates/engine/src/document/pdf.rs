//! Pages of text as PDF: one font for Latin and Cyrillic, embedded, so that they look the same everywhere and can be
//! searched and copied.

use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use ttf_parser::Face;
use whocpa_domain::{Error, Result};

/// A subset of DejaVu Sans; its licence stands beside it.
const FONT: &[u8] = include_bytes!("dejavu-sans-subset.ttf");
const FONT_NAME: Name<'static> = Name(b"WHOCPA+DejaVuSans");
/// A4, in tenths of a point, as are all lengths: positions are counted in integers, and the page is scaled.
const PAGE: (i32, i32) = (5_950, 8_420);
/// Free space around the text.
const MARGIN: i32 = 560;
/// Height of ordinary letters.
const SIZE: i32 = 100;
/// Ids of objects that every document has.
const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const INFO: Ref = Ref::new(3);
const FONT_ID: Ref = Ref::new(4);
const CID_FONT: Ref = Ref::new(5);
const DESCRIPTOR: Ref = Ref::new(6);
const FONT_FILE: Ref = Ref::new(7);
const TO_UNICODE: Ref = Ref::new(8);
/// The first page's id.
const FIRST_PAGE: i32 = 9;

/// What stands on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// The headline.
    Title(String),
    /// A name and its value.
    Pair(String, String),
    /// Words over the whole width, broken where they do not fit.
    Words(String),
    /// Columns of a table: the first one at the left, the others at the right.
    Row(Vec<String>),
    /// A line across, under the head of a table.
    Rule,
    /// Space.
    Gap,
}

/// Text as glyphs.
struct Font {
    face: Face<'static>,
    /// What was used, for copying text out of the document.
    used: BTreeMap<u16, char>,
}

impl Font {
    fn new() -> Result<Self> {
        let face = Face::parse(FONT, 0).map_err(|error| Error::Internal(format!("the font: {error}")))?;
        Ok(Self { face, used: BTreeMap::new() })
    }

    /// The glyph of a letter; a question mark for what the font has not.
    fn glyph(&mut self, letter: char) -> u16 {
        let of = |letter: char| self.face.glyph_index(letter).map(|glyph| glyph.0);
        let (glyph, letter) = match of(letter) {
            Some(glyph) => (glyph, letter),
            None => (of('?').unwrap_or(0), '?'),
        };
        self.used.entry(glyph).or_insert(letter);
        glyph
    }

    fn shown(&mut self, text: &str) -> Vec<u8> {
        text.chars().flat_map(|letter| self.glyph(letter).to_be_bytes()).collect()
    }

    /// In thousandths of the height of letters.
    fn scaled(&self, units: i32) -> i32 {
        units * 1000 / i32::from(self.face.units_per_em()).max(1)
    }

    fn advance(&self, glyph: u16) -> i32 {
        let units = self.face.glyph_hor_advance(ttf_parser::GlyphId(glyph)).unwrap_or(0);
        self.scaled(i32::from(units))
    }

    fn width(&mut self, text: &str, size: i32) -> i32 {
        let glyphs: Vec<u16> = text.chars().map(|letter| self.glyph(letter)).collect();
        glyphs.into_iter().map(|glyph| self.advance(glyph)).sum::<i32>() * size / 1000
    }
}

/// The pages of a document, and where the next line goes.
struct Writer {
    font: Font,
    pages: Vec<Content>,
    y: i32,
}

impl Writer {
    fn page(&mut self) -> &mut Content {
        if self.pages.is_empty() || self.y < MARGIN {
            let mut page = Content::new();
            page.transform([0.1, 0.0, 0.0, 0.1, 0.0, 0.0]);
            self.pages.push(page);
            self.y = PAGE.1 - MARGIN;
        }
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }

    fn text(&mut self, x: i32, size: i32, text: &str) {
        let shown = self.font.shown(text);
        let y = self.y;
        let page = self.page();
        page.begin_text().set_font(Name(b"F"), number(size));
        page.set_text_matrix([1.0, 0.0, 0.0, 1.0, number(x), number(y)]).show(Str(&shown)).end_text();
    }

    fn line(&mut self, line: &Line) {
        let right = PAGE.0 - MARGIN;
        self.page();
        match line {
            Line::Title(text) => {
                self.text(MARGIN, 180, text);
                self.y -= 300;
            }
            Line::Pair(name, value) => {
                self.text(MARGIN, SIZE, name);
                for part in self.broken(value, right - MARGIN - 1_500) {
                    self.page();
                    self.text(MARGIN + 1_500, SIZE, &part);
                    self.y -= 160;
                }
            }
            Line::Words(text) => {
                for part in self.broken(text, right - MARGIN) {
                    self.page();
                    self.text(MARGIN, SIZE, &part);
                    self.y -= 140;
                }
            }
            Line::Row(cells) => {
                for (at, cell) in cells.iter().enumerate() {
                    let from_right = i32::try_from(cells.len() - 1 - at).unwrap_or(0);
                    let x =
                        if at == 0 { MARGIN } else { right - from_right * 950 - self.font.width(cell, SIZE) };
                    self.text(x, SIZE, cell);
                }
                self.y -= 160;
            }
            Line::Rule => {
                let y = self.y + 100;
                self.page()
                    .set_line_width(number(5))
                    .move_to(number(MARGIN), number(y))
                    .line_to(number(right), number(y))
                    .stroke();
            }
            Line::Gap => self.y -= 140,
        }
    }

    /// Text in parts that fit; an empty text is one empty part.
    fn broken(&mut self, text: &str, width: i32) -> Vec<String> {
        let mut parts = Vec::new();
        for line in text.lines() {
            let mut part = String::new();
            for word in line.split_whitespace() {
                let longer = if part.is_empty() { word.to_owned() } else { format!("{part} {word}") };
                if !part.is_empty() && self.font.width(&longer, SIZE) > width {
                    parts.push(std::mem::replace(&mut part, word.to_owned()));
                } else {
                    part = longer;
                }
            }
            parts.push(part);
        }
        if parts.is_empty() {
            parts.push(String::new());
        }
        parts
    }
}

/// The document with these lines.
pub(super) fn written(title: &str, lines: &[Line]) -> Result<Vec<u8>> {
    let mut writer = Writer { font: Font::new()?, pages: Vec::new(), y: 0 };
    for line in lines {
        writer.line(line);
    }
    writer.page();
    let Writer { font, pages, .. } = writer;
    let mut pdf = Pdf::new();
    pdf.catalog(CATALOG).pages(PAGES);
    let ids = (FIRST_PAGE..).step_by(2).take(pages.len());
    let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
    pdf.pages(PAGES).kids(ids.clone().map(Ref::new)).count(count);
    for (id, content) in ids.zip(pages) {
        let mut page = pdf.page(Ref::new(id));
        page.parent(PAGES).media_box(Rect::new(0.0, 0.0, 595.0, 842.0)).contents(Ref::new(id + 1));
        page.resources().fonts().pair(Name(b"F"), FONT_ID);
        page.finish();
        let packed = packed(&content.finish())?;
        pdf.stream(Ref::new(id + 1), &packed).filter(Filter::FlateDecode);
    }
    embed(&mut pdf, &font)?;
    pdf.document_info(INFO).title(TextStr(title)).producer(TextStr("whocpa"));
    Ok(pdf.finish())
}

fn embed(pdf: &mut Pdf, font: &Font) -> Result<()> {
    let system = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
    pdf.type0_font(FONT_ID)
        .base_font(FONT_NAME)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(CID_FONT)
        .to_unicode(TO_UNICODE);
    let mut cid = pdf.cid_font(CID_FONT);
    cid.subtype(CidFontType::Type2).base_font(FONT_NAME).system_info(system).font_descriptor(DESCRIPTOR);
    cid.default_width(0.0).cid_to_gid_map_predefined(Name(b"Identity"));
    let widths = (0..font.face.number_of_glyphs()).map(|glyph| number(font.advance(glyph)));
    cid.widths().consecutive(0, widths);
    cid.finish();
    let face = &font.face;
    let scaled = |units: i16| number(font.scaled(i32::from(units)));
    let bbox = face.global_bounding_box();
    let bbox = Rect::new(scaled(bbox.x_min), scaled(bbox.y_min), scaled(bbox.x_max), scaled(bbox.y_max));
    pdf.font_descriptor(DESCRIPTOR)
        .name(FONT_NAME)
        .flags(FontFlags::NON_SYMBOLIC)
        .bbox(bbox)
        .italic_angle(0.0)
        .ascent(scaled(face.ascender()))
        .descent(scaled(face.descender()))
        .cap_height(scaled(face.capital_height().unwrap_or(face.ascender())))
        .stem_v(80.0)
        .font_file2(FONT_FILE);
    let mut letters = UnicodeCmap::new(Name(b"Letters"), system);
    for (glyph, letter) in &font.used {
        letters.pair(*glyph, *letter);
    }
    pdf.cmap(TO_UNICODE, &letters.finish());
    let file = packed(FONT)?;
    let length = i32::try_from(FONT.len()).unwrap_or(i32::MAX);
    pdf.stream(FONT_FILE, &file).filter(Filter::FlateDecode).pair(Name(b"Length1"), length);
    Ok(())
}

/// A length as the library takes it: all of them are small whole numbers, which it writes as they are.
fn number(length: i32) -> f32 {
    f32::from(i16::try_from(length).unwrap_or(i16::MAX))
}

fn packed(bytes: &[u8]) -> Result<Vec<u8>> {
    let failed = |error: std::io::Error| Error::Internal(format!("a document: {error}"));
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).map_err(failed)?;
    encoder.finish().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_of_the_languages_is_in_the_font() {
        let font = Font::new().expect("the font");
        let letters = "ABCXYZabcxyz0189.,:;-+()/%№€₴₽АБВЯабвяЁёЇїІіЄєҐґ’«»—…";
        for letter in letters.chars() {
            let is_there = font.face.glyph_index(letter).is_some();
            assert!(is_there || "«»".contains(letter), "{letter}");
        }
    }

    #[test]
    fn long_documents_have_several_pages() {
        let lines: Vec<Line> =
            (0..120).map(|number| Line::Pair("Рядок".to_owned(), number.to_string())).collect();
        let bytes = written("Рахунок", &lines).expect("a document");
        assert!(bytes.starts_with(b"%PDF-1.") && bytes.ends_with(b"%%EOF"));
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains("/Count 3"), "three pages");
        let long = "word ".repeat(100);
        let mut writer = Writer { font: Font::new().expect("the font"), pages: Vec::new(), y: 0 };
        let parts = writer.broken(&long, 4_000);
        assert!(parts.len() > 3 && parts.iter().all(|part| writer.font.width(part, SIZE) <= 4_000));
    }
}
