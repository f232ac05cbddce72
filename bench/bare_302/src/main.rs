//! The least that axum can do for a redirect: no link, no click, no log. The yardstick of `bench/click`.

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::routing::get;
use axum::serve::ListenerExt;

const USAGE: &str = "bare_302 <address:port>";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).ok_or(USAGE)?;
    let redirect =
        || async { (StatusCode::FOUND, [(LOCATION, "https://shop.example/land?tid=0sag8rpj00404kgvpczjj")]) };
    let router = Router::new().route("/go/{code}", get(redirect));
    let listener = tokio::net::TcpListener::bind(address).await?;
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, router).await?;
    Ok(())
}
