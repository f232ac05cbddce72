//! `/api/export/<id>/file`: the file of an export, sent piece by piece.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method as Http, header};
use axum::response::Response;
use tokio::sync::mpsc::Sender;
use tokio::sync::{Semaphore, SemaphorePermit};
use whocpa_domain::{Error, Method, Resource};
use whocpa_engine::Engine;
use whocpa_engine::export::ExportFile;

use super::error::ApiError;
use super::resource::PathId as _;
use super::visit::Visit;
use super::{credential, query};
use crate::limits::Kind;
use crate::stream::{Piece, streamed};

/// Files that one process sends at once: each takes a few megabytes of memory.
static SENDING: Semaphore = Semaphore::const_new(16);
/// Pieces that wait for the network.
const WAITING: usize = 1;

/// The export whose file a path means.
pub(super) fn export_id(path: &str) -> Option<&str> {
    let path = path.strip_prefix("/api/export/")?;
    path.strip_suffix('/').unwrap_or(path).strip_suffix("/file").filter(|id| !id.contains('/'))
}

pub(super) async fn answer(
    engine: &Engine,
    parts: &Parts,
    id: &str,
    visit: &mut Visit<'_>,
) -> Result<Response, ApiError> {
    visit.kind = Kind::Heavy;
    let mut query = query::read(parts.uri.query().unwrap_or_default().as_bytes(), "query")?;
    let caller = match credential::take(&parts.headers, &mut query)? {
        Some(key) => visit.keyed(&key).await?,
        None => visit.guest()?,
    };
    if ![Http::GET, Http::HEAD].contains(&parts.method) {
        return Err(ApiError::NoMethod("GET, HEAD".to_owned()));
    }
    caller.may(Resource::Export, Method::View)?;
    query.read::<whocpa_domain::input::Nothing>()?;
    let id = i64::parse(id).ok_or(Error::NotFound)?;
    let file = engine.export_file(caller, id).await?;
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    let text = |text: String| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.media_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(file.size));
    headers.insert(header::CONTENT_DISPOSITION, text(format!("attachment; filename=\"{}\"", file.name)));
    headers.insert(header::ETAG, text(format!("\"{}\"", file.sha256)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if parts.method == Http::GET {
        *response.body_mut() = body(engine, file)?;
    }
    Ok(response)
}

fn body(engine: &Engine, file: ExportFile) -> Result<Body, ApiError> {
    let place = SENDING.try_acquire().map_err(|_| ApiError::Busy)?;
    let (sender, body) = streamed(WAITING);
    tokio::spawn(send(engine.clone(), file, sender, place));
    Ok(body)
}

/// Sends until the end, or until nobody reads any more; a file that cannot be read whole breaks the connection off.
async fn send(engine: Engine, file: ExportFile, sender: Sender<Piece>, _place: SemaphorePermit<'static>) {
    let mut number = 1;
    loop {
        match engine.export_piece(&file, number).await {
            Ok(Some(bytes)) => {
                if sender.send(Ok(bytes.into())).await.is_err() {
                    return;
                }
            }
            Ok(None) => return,
            Err(error) => {
                tracing::error!(file = file.name, ?error, "a file could not be read whole");
                // Nobody reads it where this fails.
                let _ = sender.send(Err(error)).await;
                return;
            }
        }
        number += 1;
    }
}
