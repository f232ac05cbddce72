//! HTTP/1.1 over one kept connection, so plain that it is certain what was answered in full and what was not.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One connection; after an error it is of no use.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A whole answer.
pub struct Answer {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Answer {
    /// The first header of this name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

impl Client {
    pub async fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// Asks and waits for the whole answer; an error when it does not come in full.
    pub async fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.ask(&format!("GET {path} HTTP/1.1\r\nhost: cpa.test\r\n\r\n")).await
    }

    /// Sends a form with headers (each with its line's end).
    pub async fn post(&mut self, path: &str, headers: &str, form: &str) -> io::Result<Answer> {
        let kind = "content-type: application/x-www-form-urlencoded";
        let length = form.len();
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: cpa.test\r\n{kind}\r\ncontent-length: {length}\r\n");
        self.ask(&format!("{head}{headers}\r\n{form}")).await
    }

    async fn ask(&mut self, request: &str) -> io::Result<Answer> {
        self.stream.write_all(request.as_bytes()).await?;
        let head_end = loop {
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let head = String::from_utf8_lossy(&self.buffer[..head_end]).into_owned();
        let mut answer = Answer { status: 0, head, body: String::new() };
        let length: usize = answer.header("content-length").map_or(0, |n| n.parse().expect("a length"));
        while self.buffer.len() < head_end + length {
            self.more().await?;
        }
        answer.body = String::from_utf8_lossy(&self.buffer[head_end..head_end + length]).into_owned();
        answer.status = answer.head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        self.buffer.drain(..head_end + length);
        Ok(answer)
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}
