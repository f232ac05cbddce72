//! Bodies that are sent while they are made.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::Frame;
use tokio::sync::mpsc::{self, Receiver, Sender};
use whocpa_domain::Error;

/// A piece of a body, or why there is no more: then the connection is broken off, so that nobody takes it for whole.
pub(crate) type Piece = Result<Bytes, Error>;

struct Pieces(Receiver<Piece>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

/// A body, and where its pieces go; so many may wait for the network. It ends when the sender is dropped.
pub(crate) fn streamed(waiting: usize) -> (Sender<Piece>, Body) {
    let (sender, receiver) = mpsc::channel(waiting);
    (sender, Body::new(Pieces(receiver)))
}
