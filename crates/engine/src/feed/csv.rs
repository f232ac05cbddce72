//! CSV with a row of headings: `;`, `,` or tabs between the fields, in any order.

use std::io::{BufRead, Read};

use csv::{ReaderBuilder, StringRecord, Terminator};

use super::good::Good;
use super::lines::Lines;

/// The columns, each with the headings that mean it: lower case, without spaces, `_` and `-`.
const COLUMNS: [(&str, &[&str]); 11] = [
    ("id", &["id", "externalid", "sku", "productid", "offerid", "артикул", "ид", "код"]),
    ("name", &["name", "title", "productname", "название", "наименование"]),
    ("url", &["url", "link", "producturl", "ссылка", "адрес"]),
    ("price", &["price", "цена"]),
    ("price_old", &["priceold", "oldprice", "стараяцена"]),
    ("currency", &["currency", "currencyid", "валюта"]),
    (
        "picture",
        &["picture", "image", "imagelink", "imageurl", "pictureurl", "img", "картинка", "изображение"],
    ),
    ("category", &["category", "categorypath", "producttype", "категория"]),
    ("vendor", &["vendor", "brand", "manufacturer", "бренд", "производитель"]),
    ("available", &["available", "isavailable", "availability", "наличие"]),
    ("description", &["description", "описание"]),
];
/// Without these no row is a product.
const NEEDED: [&str; 4] = ["id", "name", "url", "price"];

/// Reads all goods; `each` answers whether to go on. Gives the headings that mean nothing here.
///
/// # Errors
/// In words with the line.
pub(super) fn read(source: impl Read, each: &mut dyn FnMut(Good) -> bool) -> Result<Vec<String>, String> {
    let mut lines = Lines::new(source);
    let delimiter = delimiter(&mut lines)?;
    // A carriage return before the end of the line is white space: taken for an end of its own, it shifts the lines.
    let mut builder = ReaderBuilder::new();
    let builder = builder.delimiter(delimiter).terminator(Terminator::Any(b'\n')).flexible(true);
    let mut reader = builder.from_reader(lines);
    let headings = match reader.headers() {
        Ok(headings) => headings.clone(),
        Err(error) => return Err(words(&error, reader.get_ref().line())),
    };
    let (columns, unused) = columns(&headings)?;
    let mut record = StringRecord::new();
    loop {
        reader.get_mut().next_piece();
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(unused),
            Err(error) => return Err(words(&error, reader.get_ref().line())),
        }
        if record.len() == 1 && record.iter().all(|text| text.trim().is_empty()) {
            continue;
        }
        let line = record.position().map_or(0, csv::Position::line);
        let line = i64::try_from(line).unwrap_or(i64::MAX);
        if !each(good(&record, &columns, headings.len(), line)) {
            return Ok(unused);
        }
    }
}

/// What stands most often between the headings.
fn delimiter(lines: &mut impl BufRead) -> Result<u8, String> {
    let start = lines.fill_buf().map_err(|error| error.to_string())?;
    let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| first.split(|byte| *byte == wanted).count();
    let most = [b';', b',', b'\t'].into_iter().max_by_key(|byte| (count(*byte), *byte == b';'));
    Ok(most.unwrap_or(b','))
}

fn columns(headings: &StringRecord) -> Result<(Vec<Option<&'static str>>, Vec<String>), String> {
    let (mut found, mut unused): (Vec<Option<&str>>, Vec<String>) = (Vec::new(), Vec::new());
    for heading in headings {
        let plain: String =
            heading.to_lowercase().chars().filter(|letter| !" _-\u{a0}\r".contains(*letter)).collect();
        let column = COLUMNS.iter().find(|(_, names)| names.contains(&plain.as_str()));
        let column = column.map(|(column, _)| *column);
        if column.is_some() && found.contains(&column) {
            return Err(format!("Two headings mean the same: {heading} stands for another one too"));
        }
        if column.is_none() {
            unused.push(heading.trim().chars().take(50).collect());
        }
        found.push(column);
    }
    let missing: Vec<&str> = NEEDED.into_iter().filter(|needed| !found.contains(&Some(needed))).collect();
    if missing.is_empty() {
        return Ok((found, unused));
    }
    Err(format!(
        "The first row must hold the headings id, name, url, price: {} not found",
        missing.join(", ")
    ))
}

fn good(record: &StringRecord, columns: &[Option<&'static str>], width: usize, line: i64) -> Good {
    let mut good = Good { line, ..Good::default() };
    for (column, text) in columns.iter().zip(record) {
        let place = match column {
            Some("id") => &mut good.id,
            Some("name") => &mut good.name,
            Some("url") => &mut good.url,
            Some("price") => &mut good.price,
            Some("price_old") => &mut good.price_old,
            Some("currency") => &mut good.currency,
            Some("picture") => &mut good.picture,
            Some("category") => &mut good.category,
            Some("vendor") => &mut good.vendor,
            Some("available") => &mut good.available,
            Some("description") => &mut good.description,
            _ => continue,
        };
        text.trim().clone_into(place);
    }
    if record.len() != width {
        let message = format!("Has {} fields, the row of headings has {width}", record.len());
        good.fault = Some(("row".to_owned(), message));
    }
    good
}

/// `reached` is the line up to which was read: a source that fails knows no place.
fn words(error: &csv::Error, reached: i64) -> String {
    let line = error.position().and_then(|place| i64::try_from(place.line()).ok()).unwrap_or(reached);
    format!("Line {line}: {error}")
}
