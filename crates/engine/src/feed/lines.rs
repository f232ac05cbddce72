//! Reading piece by piece with bounded memory, and knowing the line.

use std::io::{self, BufRead, BufReader, Read};

/// Longest piece (a tag, a text, a row) that a feed may have: more is kept in memory at no time.
const PIECE_LIMIT: usize = 1 << 20;

/// Counts lines, and refuses to read on when a parser does not get to the end of a piece.
pub(super) struct Lines<R> {
    inner: BufReader<R>,
    line: i64,
    piece: usize,
}

impl<R: Read> Lines<R> {
    pub fn new(inner: R) -> Self {
        Self { inner: BufReader::with_capacity(64 << 10, inner), line: 1, piece: 0 }
    }

    /// Line of the next byte, from 1.
    pub fn line(&self) -> i64 {
        self.line
    }

    /// A piece is read: the next one begins.
    pub fn next_piece(&mut self) {
        self.piece = 0;
    }
}

impl<R: Read> BufRead for Lines<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.piece > PIECE_LIMIT {
            return Err(io::Error::other(format!("something here is longer than {PIECE_LIMIT} bytes")));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        let used = self.inner.buffer().get(..amount).unwrap_or_default();
        self.line += used.iter().map(|byte| i64::from(*byte == b'\n')).sum::<i64>();
        self.piece += amount;
        self.inner.consume(amount);
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let amount = ready.len().min(out.len());
        let (Some(into), Some(from)) = (out.get_mut(..amount), ready.get(..amount)) else { return Ok(0) };
        into.copy_from_slice(from);
        self.consume(amount);
        Ok(amount)
    }
}
