//! What the readers of feeds make of files, good and bad.

use std::io::Cursor;

use super::good::Good;
use super::{csv, yml};

fn all_yml(text: &str) -> (Vec<Good>, Result<(), String>) {
    let mut goods = Vec::new();
    let read = yml::read(Cursor::new(text.as_bytes().to_vec()), &mut |good| {
        goods.push(good);
        true
    });
    (goods, read)
}

fn all_csv(text: &str) -> (Vec<Good>, Result<Vec<String>, String>) {
    let mut goods = Vec::new();
    let read = csv::read(Cursor::new(text.as_bytes().to_vec()), &mut |good| {
        goods.push(good);
        true
    });
    (goods, read)
}

const YML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE yml_catalog SYSTEM "shops.dtd">
<yml_catalog date="2024-01-01 10:00"><shop>
 <name>Shop</name>
 <categories>
  <category id="1">Drinks</category>
  <category id="2" parentId="1">Tea &amp; herbs</category>
 </categories>
 <offers>
  <offer id="a1" available="true">
   <url>https://shop.example/1?a=1&amp;b=2</url><price>12.50</price><oldprice>15</oldprice>
   <currencyId>USD</currencyId><categoryId>2</categoryId>
   <picture>https://shop.example/1.jpg</picture><picture>https://shop.example/2.jpg</picture>
   <name>Green &#8220;tea&#x201D;</name><vendor>Leaf</vendor>
   <description><![CDATA[<p>Fresh & good</p>]]></description>
   <param name="url">not a url</param>
  </offer>
  <offer id="a2" available="false" type="vendor.model">
   <typePrefix>Pot</typePrefix><vendor>Clay</vendor><model>M1</model>
  </offer>
  <offer id="a3"><name>&nbsp;x</name></offer>
  <offer id="a4"/>
 </offers>
</shop></yml_catalog>
"#;

#[test]
fn yml_is_read_with_its_lines_and_paths_of_categories() {
    let (goods, read) = all_yml(YML);
    assert_eq!(read, Ok(()));
    assert_eq!(goods.iter().map(|good| good.line).collect::<Vec<_>>(), [10, 18, 21, 22]);
    let first = &goods[0];
    assert_eq!(
        [&first.id, &first.name, &first.url, &first.price, &first.price_old, &first.currency],
        ["a1", "Green “tea”", "https://shop.example/1?a=1&b=2", "12.50", "15", "USD"]
    );
    assert_eq!(
        [&first.category, &first.picture, &first.vendor, &first.description],
        ["Drinks / Tea & herbs", "https://shop.example/1.jpg", "Leaf", "<p>Fresh & good</p>"]
    );
    assert_eq!((goods[1].name.as_str(), goods[1].available.as_str()), ("Pot Clay M1", "false"));
    assert!(goods[2].fault.as_ref().is_some_and(|(field, _)| field == "entity"));
    assert_eq!(goods[3].id, "a4");
}

#[test]
fn what_is_no_whole_yml_is_refused_with_its_line() {
    let cut = &YML[..YML.find("<vendor>Clay").expect("there")];
    let (goods, read) = all_yml(cut);
    assert_eq!(
        goods.len(),
        1,
        "what came before the break is told, and a run that fails takes nothing off sale"
    );
    assert!(read.is_err_and(|told| told.starts_with("Line 19")));
    for (text, told) in [
        ("", "no yml_catalog"),
        ("<rss></rss>", "no yml_catalog"),
        ("<yml_catalog><shop></yml_catalog>", "Line 1"),
        ("<yml_catalog>\n<shop", "Line 2"),
        ("<yml_catalog>&undefined", "Line 1"),
    ] {
        let (_, read) = all_yml(text);
        assert!(read.as_ref().is_err_and(|words| words.contains(told)), "{text}: {read:?}");
    }
}

#[test]
fn nothing_makes_the_reader_hold_much() {
    let text = "x".repeat(3 << 20);
    let endless = [
        format!(
            "<yml_catalog><shop><offers><offer id=\"1\"><name>{text}</name></offer></offers></shop></yml_catalog>"
        ),
        format!("<yml_catalog {text}></yml_catalog>"),
        format!("<yml_catalog><!-- {text} --></yml_catalog>"),
        format!("<yml_catalog><![CDATA[{text}]]></yml_catalog>"),
        "<a>".repeat(1000),
    ];
    for text in endless {
        let (_, read) = all_yml(&text);
        assert!(read.is_err(), "{}", &text[..60]);
    }
    let bomb = "<!DOCTYPE a [<!ENTITY a \"xx\"><!ENTITY b \"&a;&a;\">]><yml_catalog><shop><offers><offer id=\"1\"><name>&b;</name></offer></offers></shop></yml_catalog>";
    let (goods, read) = all_yml(bomb);
    assert!(read.is_ok() && goods[0].fault.is_some() && goods[0].name.is_empty());
    let (_, read) = all_csv(&format!("id;name;url;price\n1;\"{text}"));
    assert!(read.is_err(), "an open quote");
}

#[test]
fn csv_is_read_by_its_headings() {
    let text = "Артикул;Название;Цена;Ссылка;GTIN\r\n1;\"Чай; зелёный\n500 г\";12,50;https://shop.example/1;x\r\n\
                2;Pot;7;https://shop.example/2\r\n";
    let (goods, read) = all_csv(text);
    assert_eq!(read, Ok(vec!["GTIN".to_owned()]));
    assert_eq!((goods[0].line, goods[0].name.as_str()), (2, "Чай; зелёный\n500 г"));
    assert_eq!((goods[1].line, goods[1].id.as_str()), (4, "2"));
    assert!(
        goods[1].fault.as_ref().is_some_and(|(_, told)| told == "Has 4 fields, the row of headings has 5")
    );
    for delimiter in [",", "\t"] {
        let text = ["id", "title", "Image Link", "url", "price"].join(delimiter)
            + "\n"
            + &["1", "Tea", "p", "u", "2"].join(delimiter);
        let (goods, read) = all_csv(&text);
        assert!(read.is_ok());
        assert_eq!((goods[0].picture.as_str(), goods[0].price.as_str()), ("p", "2"));
    }
    for (text, told) in [
        ("", "not found"),
        ("id,name,url\n1,Tea,u\n", "price not found"),
        ("id,sku,name,url,price\n", "Two headings mean the same"),
    ] {
        let (_, read) = all_csv(text);
        assert!(read.as_ref().is_err_and(|words| words.contains(told)), "{text}: {read:?}");
    }
}

#[test]
fn any_bytes_end_in_words_and_never_in_a_panic() {
    use proptest::test_runner::TestRunner;
    let parts = proptest::collection::vec(
        proptest::prop_oneof![
            proptest::string::string_regex("[<>&;\"'/!\\[\\]a-z0-9 ,\n]{0,12}").expect("a pattern"),
            proptest::strategy::Just("<offer id=\"1\">".to_owned()),
            proptest::strategy::Just("<yml_catalog><shop><offers>".to_owned()),
            proptest::strategy::Just("</offer>".to_owned()),
            proptest::strategy::Just("<![CDATA[".to_owned()),
            proptest::strategy::Just("id;name;url;price\n".to_owned()),
        ],
        0..12,
    );
    let run = TestRunner::default().run(&parts, |parts| {
        let text = parts.concat();
        let _ = all_yml(&text);
        let _ = all_csv(&text);
        Ok(())
    });
    run.expect("no panic");
}

#[test]
fn categories_have_bounds_in_bytes() {
    let feed = |categories: &str| {
        format!("<yml_catalog><shop><categories>{categories}</categories><offers/></shop></yml_catalog>")
    };
    let long = "x".repeat(101);
    let category = format!("<category id=\"{long}\">a</category>");
    let refused = Err("Line 1: an id of a category is longer than 100 bytes".to_owned());
    assert_eq!(all_yml(&feed(&category)).1, refused);
    let category = format!("<category id=\"1\" parentId=\"{long}\">a</category>");
    assert_eq!(all_yml(&feed(&category)).1, refused);
    // Long names are cut, and all together have an end before they are many.
    let name = "я".repeat(10_000);
    let of = |count: usize, name: &str| -> String {
        let all = (0..count).map(|id| format!("<category id=\"{id:0>90}\">{name}</category>"));
        all.collect::<Vec<_>>().concat()
    };
    assert_eq!(all_yml(&feed(&of(100, &name))).1, Ok(()));
    let many = of(40_000, &"я".repeat(200));
    let refused = all_yml(&feed(&many)).1.expect_err("more than 8 MiB");
    assert!(refused.contains("more than 8 MiB of them"), "{refused}");
    let deep = format!("<yml_catalog><{}>", "y".repeat(101));
    let refused = Err("Line 1: the name of an element is longer than 100 bytes".to_owned());
    assert_eq!(all_yml(&deep).1, refused);
}
