//! Connections: accepted, served, closed when they are idle or too slow, and let go at the end.
//!
//! As `axum::serve`, which sets no time limits: a client that never ends its request head must not hold a socket for
//! ever (trust R4).

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio_io_timeout::TimeoutStream;
use tower::Service as _;

/// Longest head of a request, in bytes, that is read at all; beyond it the refusal has no words.
const HEAD_MAX: usize = 64 << 10;
/// As much for HTTP/2.
const LIST_MAX: u32 = 64 << 10;
/// Requests under way on one HTTP/2 connection.
const STREAMS_MAX: u32 = 100;
/// How often an idle HTTP/2 connection is asked whether somebody is there.
const PING_EVERY: Duration = Duration::from_secs(30);
/// Pause after a connection could not be accepted: often there are no file descriptors left.
const PAUSE: Duration = Duration::from_millis(100);

/// What a connection is given time for.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// For the head of a request, and to be idle.
    pub head: Duration,
    /// To read something of an answer.
    pub write: Duration,
    /// For running requests, once all is to end.
    pub grace: Duration,
}

/// Serves until `stop` is ready, then lets running requests end.
pub async fn connections(
    listener: TcpListener,
    routes: Router,
    times: Times,
    stop: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let routes = routes.with_state(());
    let builder = Arc::new(builder(times.head));
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let asked = Connection { builder: Arc::clone(&builder), routes: routes.clone(), peer, times };
                tokio::spawn(asked.serve(stream, graceful.watcher()));
            }
            // A client that is gone already is his own affair.
            Err(error) if is_of_one_client(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(times.grace, graceful.shutdown()).await.is_err() {
        tracing::warn!(seconds = times.grace.as_secs(), "requests still ran when the time for them was over");
    }
}

fn is_of_one_client(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

fn builder(head: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(HEAD_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(LIST_MAX)
        .keep_alive_interval(PING_EVERY);
    builder
}

/// One client's connection.
struct Connection {
    builder: Arc<Builder<TokioExecutor>>,
    routes: Router,
    peer: SocketAddr,
    times: Times,
}

impl Connection {
    async fn serve(self, stream: TcpStream, watcher: Watcher) {
        // Answers are small and whole: waiting for more to send would only delay them.
        let _ = stream.set_nodelay(true);
        let is_used = AtomicBool::new(false);
        let service = service_fn(|request: Request<Incoming>| {
            is_used.store(true, Ordering::Relaxed);
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(self.peer));
            let mut routes = self.routes.clone();
            async move { routes.call(request).await }
        });
        // A client that does not read its answer must not keep it in memory for ever.
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.times.write));
        let served = self.builder.serve_connection(TokioIo::new(Box::pin(stream)), service);
        let mut served = pin!(watcher.watch(served));
        tokio::select! {
            // How a connection ends concerns its client only.
            _ = &mut served => return,
            () = tokio::time::sleep(self.times.head) => {}
        }
        // Until the first request nothing else limits the time: not even the protocol is known.
        if is_used.load(Ordering::Relaxed) {
            let _ = served.await;
        }
    }
}
