//! The content of a feed on this node's disk, unpacked, while it is imported: so a slow database never keeps the other
//! side waiting, and what is read can be read again from its beginning.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1251};
use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use whocpa_domain::feed::{FEED_BYTES, FeedFormat};
use whocpa_domain::hex::hex;

/// Bytes at the beginning that tell what a file is.
const HEAD: usize = 1024;

/// A feed that is ready to be read.
pub(super) struct Spool {
    file: File,
    /// Of the unpacked content, hexadecimal.
    pub hash: String,
    /// YML or CSV.
    pub format: FeedFormat,
    encoding: &'static Encoding,
}

/// A file that nobody else can open and that is gone when it is closed, also by a crash.
pub(super) fn nameless(folder: &Path, name: &str) -> io::Result<File> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(name);
    let file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

impl Spool {
    /// Unpacks `packed` where it is compressed, and finds out what it is.
    ///
    /// # Errors
    /// In words for the feed's owner.
    pub fn new(mut packed: File, empty: File, told: FeedFormat) -> Result<Self, String> {
        let broken = |error: io::Error| format!("The file cannot be read: {error}");
        packed.seek(SeekFrom::Start(0)).map_err(broken)?;
        let mut magic = [0; 2];
        let is_packed = packed.read_exact(&mut magic).is_ok() && magic == [0x1f, 0x8b];
        packed.seek(SeekFrom::Start(0)).map_err(broken)?;
        let mut file = if is_packed {
            let mut unpacked = empty;
            let limit = FEED_BYTES + 1;
            let written = io::copy(&mut MultiGzDecoder::new(&packed).take(limit), &mut unpacked);
            if written.map_err(broken)? == limit {
                return Err(format!("The file has more than {FEED_BYTES} bytes when it is unpacked"));
            }
            unpacked
        } else {
            packed
        };
        file.seek(SeekFrom::Start(0)).map_err(broken)?;
        let looked = Looked::at(&mut file).map_err(broken)?;
        let format = match told {
            FeedFormat::Auto if looked.is_xml() => FeedFormat::Yml,
            FeedFormat::Auto => FeedFormat::Csv,
            told => told,
        };
        let encoding = looked.encoding(format)?;
        Ok(Self { file, hash: looked.hash, format, encoding })
    }

    /// Its text in UTF-8, without a byte order mark.
    pub fn reader(mut self) -> io::Result<impl Read> {
        self.file.seek(SeekFrom::Start(0))?;
        let mut builder = DecodeReaderBytesBuilder::new();
        Ok(builder.encoding(Some(self.encoding)).strip_bom(true).build(self.file))
    }
}

/// What one pass over a file tells.
struct Looked {
    hash: String,
    head: Vec<u8>,
    is_utf8: bool,
}

impl Looked {
    fn at(file: &mut File) -> io::Result<Self> {
        let (mut digest, mut head, mut utf8) = (Sha256::new(), Vec::new(), Utf8::default());
        let mut buffer = vec![0; 64 << 10];
        loop {
            let length = file.read(&mut buffer)?;
            let piece = buffer.get(..length).unwrap_or_default();
            if piece.is_empty() {
                break;
            }
            digest.update(piece);
            utf8.add(piece);
            let wanted = HEAD.saturating_sub(head.len()).min(length);
            head.extend_from_slice(piece.get(..wanted).unwrap_or_default());
        }
        Ok(Self { hash: hex(&digest.finalize()), head, is_utf8: utf8.is_valid() })
    }

    fn text(&self) -> String {
        let encoding = Encoding::for_bom(&self.head).map_or(UTF_8, |(encoding, _)| encoding);
        encoding.decode(&self.head).0.into_owned()
    }

    fn is_xml(&self) -> bool {
        self.text().trim_start().starts_with('<')
    }

    /// A byte order mark, what XML says of itself, or what the bytes look like.
    fn encoding(&self, format: FeedFormat) -> Result<&'static Encoding, String> {
        if let Some((encoding, _)) = Encoding::for_bom(&self.head) {
            return if encoding == UTF_8 && !self.is_utf8 { Err(not_utf8()) } else { Ok(encoding) };
        }
        let guess = if self.is_utf8 { UTF_8 } else { WINDOWS_1251 };
        let text = self.text();
        let declared = (format == FeedFormat::Yml).then(|| declared(&text)).flatten();
        let Some(label) = declared else { return Ok(guess) };
        match Encoding::for_label(label.as_bytes()) {
            None => Err(format!("The encoding {label} is not known")),
            Some(encoding) if encoding == UTF_8 && !self.is_utf8 => Err(not_utf8()),
            Some(encoding) => Ok(encoding),
        }
    }
}

fn not_utf8() -> String {
    "The file says that it is UTF-8, and is not".to_owned()
}

/// The encoding in `<?xml … encoding="…"?>`.
fn declared(text: &str) -> Option<&str> {
    let head = text.trim_start().strip_prefix("<?xml")?.split("?>").next()?;
    let value = head.split("encoding").nth(1)?.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    value.get(1..)?.split(quote).next()
}

/// Whether bytes that come in pieces are UTF-8.
#[derive(Default)]
struct Utf8 {
    /// The beginning of a letter at the end of the last piece.
    rest: Vec<u8>,
    is_bad: bool,
}

impl Utf8 {
    fn add(&mut self, piece: &[u8]) {
        if self.is_bad {
            return;
        }
        let mut bytes = std::mem::take(&mut self.rest);
        bytes.extend_from_slice(piece);
        if let Err(error) = std::str::from_utf8(&bytes) {
            match error.error_len() {
                Some(_) => self.is_bad = true,
                None => self.rest = bytes.split_off(error.valid_up_to()),
            }
        }
    }

    fn is_valid(&self) -> bool {
        !self.is_bad && self.rest.is_empty()
    }
}
