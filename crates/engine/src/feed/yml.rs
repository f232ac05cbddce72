//! YML (Yandex Market Language): `yml_catalog/shop/{categories/category, offers/offer}`, read piece by piece.
//!
//! No entities but the five of XML and characters by number: a document type may name others, and nothing is expanded.

use std::collections::HashMap;
use std::io::Read;

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::good::Good;
use super::lines::Lines;

/// Categories that are kept in memory.
const CATEGORIES: usize = 50_000;
/// Longest id of a category, in bytes.
const CATEGORY_ID: usize = 100;
/// Longest name of a category, in bytes; what is longer is cut.
const CATEGORY_NAME: usize = 255;
/// All categories together, in bytes.
const CATEGORY_BYTES: usize = 8 << 20;
/// Longest name of an element, in bytes: those of all open ones are kept.
const ELEMENT: usize = 100;
/// Deepest path of categories; a longer one is a circle.
const DEPTH: usize = 10;
/// Longest text of one element, in bytes; what is longer is refused by the checks of its field.
const TEXT: usize = 100_000;

/// Where in the document the reader stands.
#[derive(Default)]
struct Place {
    /// Names of the open elements.
    path: Vec<String>,
    text: String,
    good: Option<Good>,
    /// Parts of a name that is not written in one.
    parts: [String; 2],
    category: Option<(String, String)>,
    categories: HashMap<String, (String, String)>,
    category_bytes: usize,
}

/// Reads all goods; `each` answers whether to go on.
///
/// # Errors
/// In words with the line: what is no well-formed YML is refused as a whole.
pub(super) fn read(source: impl Read, each: &mut dyn FnMut(Good) -> bool) -> Result<(), String> {
    let mut reader = Reader::from_reader(Lines::new(source));
    let (mut place, mut buffer, mut is_yml) = (Place::default(), Vec::new(), false);
    loop {
        let line = reader.get_ref().line();
        buffer.clear();
        reader.get_mut().next_piece();
        let event = reader.read_event_into(&mut buffer).map_err(|error| at(line, &error))?;
        match event {
            Event::Start(tag) => {
                is_yml |= place.path.is_empty() && name(&tag) == "yml_catalog";
                place.open(&tag, line)?;
            }
            Event::Empty(tag) => {
                place.open(&tag, line)?;
                if !place.close(each) {
                    return Ok(());
                }
            }
            Event::Text(text) => place.add(&text.xml10_content()),
            Event::CData(text) => place.add(&text.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(letter)) => place.add(letter.encode_utf8(&mut [0; 4])),
                Ok(None) => match resolve_xml_entity(&reference) {
                    Some(text) => place.add(text),
                    None => place.fault("entity", format!("&{}; is not known", &*reference)),
                },
                Err(error) => place.fault("entity", error.to_string()),
            },
            Event::End(_) => {
                if !place.close(each) {
                    return Ok(());
                }
            }
            Event::Eof if !place.path.is_empty() => {
                return Err(format!("Line {line}: the file breaks off before its end"));
            }
            Event::Eof if !is_yml => return Err("The file has no yml_catalog".to_owned()),
            Event::Eof => return Ok(()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn at(line: i64, error: &quick_xml::Error) -> String {
    let mut words = error.to_string();
    words.truncate(words.floor_char_boundary(300));
    format!("Line {line}: {words}")
}

fn name(tag: &BytesStart<'_>) -> String {
    tag.name().as_ref().to_owned()
}

fn cut(mut text: String, bytes: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes));
    text.shrink_to_fit();
    text
}

impl Place {
    /// The path of the open elements, as far as it is of interest.
    fn is_in(&self, wanted: &[&str]) -> bool {
        self.path.iter().map(String::as_str).eq(wanted.iter().copied())
    }

    fn open(&mut self, tag: &BytesStart<'_>, line: i64) -> Result<(), String> {
        if self.path.len() >= 100 {
            return Err(format!("Line {line}: elements are nested too deeply"));
        }
        let name = name(tag);
        if name.len() > ELEMENT {
            return Err(format!("Line {line}: the name of an element is longer than {ELEMENT} bytes"));
        }
        self.path.push(name);
        self.text.clear();
        if self.is_in(&["yml_catalog", "shop", "offers", "offer"]) {
            self.good = Some(Good { line, ..Good::default() });
            self.parts = <[String; 2]>::default();
            for (name, value) in self.attributes(tag) {
                match (name.as_str(), &mut self.good) {
                    ("id", Some(good)) => value.trim().clone_into(&mut good.id),
                    ("available", Some(good)) => value.trim().clone_into(&mut good.available),
                    _ => {}
                }
            }
        } else if self.is_in(&["yml_catalog", "shop", "categories", "category"]) {
            let mut ids = (String::new(), String::new());
            for (name, value) in self.attributes(tag) {
                match name.as_str() {
                    "id" => ids.0 = value,
                    "parentId" => ids.1 = value,
                    _ => {}
                }
            }
            if ids.0.len().max(ids.1.len()) > CATEGORY_ID {
                return Err(format!("Line {line}: an id of a category is longer than {CATEGORY_ID} bytes"));
            }
            if self.categories.len() >= CATEGORIES || self.category_bytes > CATEGORY_BYTES {
                let mib = CATEGORY_BYTES >> 20;
                return Err(format!(
                    "Line {line}: more than {CATEGORIES} categories, or more than {mib} MiB of them"
                ));
            }
            self.category = Some(ids);
        }
        Ok(())
    }

    /// Attributes with their values; one that cannot be read is a fault of its row.
    fn attributes(&mut self, tag: &BytesStart<'_>) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut attributes = tag.attributes();
        // Looking for twins compares each with each.
        for attribute in attributes.with_checks(false) {
            let read = attribute.map_err(|error| error.to_string()).and_then(|attribute| {
                let value =
                    attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
                Ok((attribute.key.as_ref().to_owned(), value.into_owned()))
            });
            match read {
                Ok(pair) => found.push(pair),
                Err(message) => self.fault("external_id", message),
            }
        }
        found
    }

    fn add(&mut self, text: &str) {
        // Only what is inside of a product or a category is wanted.
        if self.path.len() >= 4 && self.text.len() <= TEXT {
            self.text.push_str(text);
        }
    }

    fn fault(&mut self, field: &str, message: String) {
        if let Some(good) = &mut self.good {
            good.fault.get_or_insert((field.to_owned(), message));
        }
    }

    /// Closes the innermost element; answers whether to go on.
    fn close(&mut self, each: &mut dyn FnMut(Good) -> bool) -> bool {
        let name = self.path.pop().unwrap_or_default();
        let text = std::mem::take(&mut self.text);
        match self.path.len() {
            4 => self.field(&name, text.trim()),
            3 => {
                if let Some((id, parent)) = self.category.take() {
                    let name = cut(text.trim().to_owned(), CATEGORY_NAME);
                    // One that is told again counts again: the sum is of what the file says.
                    self.category_bytes += id.len() + parent.len() + name.len();
                    self.categories.insert(id, (name, parent));
                }
                if let Some(mut good) = self.good.take() {
                    if good.name.is_empty() {
                        let [prefix, model] = std::mem::take(&mut self.parts);
                        let name = [prefix.as_str(), &good.vendor, &model].join(" ");
                        name.trim().clone_into(&mut good.name);
                    }
                    return each(good);
                }
            }
            _ => {}
        }
        true
    }

    /// A field of a product; of several of the same name, the first counts.
    fn field(&mut self, name: &str, text: &str) {
        let path = if name == "categoryId" { self.category_path(text) } else { String::new() };
        let Some(good) = &mut self.good else { return };
        let place = match name {
            "name" => &mut good.name,
            "url" => &mut good.url,
            "price" => &mut good.price,
            "oldprice" => &mut good.price_old,
            "currencyId" => &mut good.currency,
            "picture" => &mut good.picture,
            "vendor" => &mut good.vendor,
            "description" => &mut good.description,
            "typePrefix" => &mut self.parts[0],
            "model" => &mut self.parts[1],
            "categoryId" => {
                good.category = path;
                return;
            }
            _ => return,
        };
        if place.is_empty() {
            text.clone_into(place);
        }
    }

    /// A category with those above it; empty when the feed does not have it.
    fn category_path(&self, id: &str) -> String {
        let (mut names, mut id) = (Vec::new(), id);
        while let Some((name, parent)) = self.categories.get(id) {
            names.push(name.as_str());
            if parent.is_empty() || names.len() >= DEPTH {
                break;
            }
            id = parent;
        }
        names.reverse();
        names.join(" / ")
    }
}
