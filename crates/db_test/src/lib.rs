//! `#[db_test]`: one test body, run on SQLite and on PostgreSQL.
//!
//! The two databases differ silently; a test that ran on one of them has proved half. This crate is the
//! one exception to "four crates in a straight line": it is a dev-dependency only, nothing of it is in
//! the binary, and it depends on nothing.
//!
//! ```text
//! #[db_test]                                   // in the store crate itself: #[db_test(crate_path)]
//! async fn offer_is_found(store: TestDb) { … } // becomes offer_is_found::sqlite, offer_is_found::postgres
//! ```
//!
//! The function stays where it is written, so `super::` and imports mean what they say; beside it stands
//! a module of the same name with the two tests. Each makes its database with `TestDb::sqlite().await` or
//! `TestDb::postgres().await` of `whocpa_store::testing` (`crate::testing` with `crate_path`).

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

/// Writes the tests `name::sqlite` and `name::postgres` for `async fn name(store: TestDb) { … }`.
#[proc_macro_attribute]
pub fn db_test(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let expanded = module_path(&attribute).and_then(|path| {
        let name = test_name(item.clone())?;
        parse(&format!("#[cfg(test)] mod {name} {{ {} }}", two_tests(&name, path)))
    });
    match expanded {
        Ok(module) => [cfg_test(), item, module].into_iter().collect(),
        // The item stays, so that only this one error is shown.
        Err(why) => [compile_error(&why), item].into_iter().collect(),
    }
}

fn two_tests(name: &str, path: &str) -> String {
    let test = |database: &str| {
        format!(
            "#[::tokio::test(flavor = \"multi_thread\", worker_threads = 2)]
             async fn {database}() {{ super::{name}({path}::TestDb::{database}().await).await; }}"
        )
    };
    test("sqlite") + &test("postgres")
}

fn module_path(attribute: &TokenStream) -> Result<&'static str, String> {
    match attribute.to_string().as_str() {
        "" => Ok("::whocpa_store::testing"),
        "crate_path" => Ok("crate::testing"),
        other => Err(format!("#[db_test] takes nothing or `crate_path`, not `{other}`")),
    }
}

/// The function's name, once its shape is found to be `[attributes] async fn name(one argument) { … }`.
fn test_name(item: TokenStream) -> Result<String, String> {
    let mut tokens = item.into_iter().skip_while(|token| !is_word(token, "async"));
    if tokens.next().is_none() || !tokens.next().is_some_and(|token| is_word(&token, "fn")) {
        return Err("#[db_test] stands before `async fn`".to_owned());
    }
    let (name, arguments, body) = (tokens.next(), tokens.next(), tokens.next());
    let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(arguments))) = (name, arguments) else {
        return Err("#[db_test] takes a function without generics".to_owned());
    };
    if !has_one_argument(&arguments) {
        return Err(format!("#[db_test] gives `{name}` one argument, the database"));
    }
    match body {
        Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => Ok(name.to_string()),
        _ => Err(format!("`{name}` is a #[db_test] and returns nothing: use expect inside")),
    }
}

/// Counts commas outside groups; those within `<…>` belong to the argument's type.
fn has_one_argument(arguments: &Group) -> bool {
    let (mut depth, mut commas, mut after_comma) = (0_i32, 0, false);
    for token in arguments.stream() {
        let sign = if let TokenTree::Punct(punct) = &token { punct.as_char() } else { ' ' };
        depth += i32::from(sign == '<') - i32::from(sign == '>');
        after_comma = sign == ',' && depth == 0;
        commas += i32::from(after_comma);
    }
    !arguments.stream().is_empty() && (commas == 0 || commas == 1 && after_comma)
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident.to_string() == word)
}

fn cfg_test() -> TokenStream {
    parse("#[cfg(test)]").unwrap_or_default()
}

fn compile_error(why: &str) -> TokenStream {
    parse(&format!("::core::compile_error!({why:?});")).unwrap_or_default()
}

fn parse(code: &str) -> Result<TokenStream, String> {
    code.parse().map_err(|error| format!("#[db_test] wrote code that does not parse: {error}"))
}
