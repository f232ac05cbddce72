//! Pictures: read from what people send, made anew in three sizes, and shown under addresses that never change.
//!
//! What is stored is never what was sent: a picture is decoded, turned upright, scaled and encoded again, so neither
//! EXIF data nor anything hidden behind the picture survives (trust I8). Its kind is known by its content alone.

use std::io::Cursor;
use std::time::Duration;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use whocpa_domain::hex::hex;
use whocpa_domain::image::{
    HASH_DIGITS, IMAGE_BYTES, IMAGE_PIXELS, IMAGE_SIDE, ImageKind, ImageName, ImageSize,
};
use whocpa_domain::input::{Patch, Upload};
use whocpa_domain::{Error, Result, Time, view};
use whocpa_store::Db;
use whocpa_store::image::{self as stored, Image};

use crate::Engine;

/// A picture that is sent.
pub type ImageFile = Upload<IMAGE_BYTES>;

/// Pictures that one process decodes at once; each may take [`ALLOC_LIMIT`] and as much again for scaling.
static DECODERS: Semaphore = Semaphore::const_new(2);
/// How long a picture waits for its turn.
const WAIT: Duration = Duration::from_secs(10);
/// How long a request waits for its picture; the decoder keeps its place until it is done.
const PATIENCE: Duration = Duration::from_secs(10);
/// Memory of a decoder: eight bytes for each pixel that is allowed, and some for its own needs.
const ALLOC_LIMIT: u64 = 8 * IMAGE_PIXELS + (32 << 20);
/// Scans of a progressive JPEG: each one goes over all pixels again; real pictures have some ten.
const SCANS: usize = 64;
/// Quality of JPEG, 1 to 100.
const QUALITY: u8 = 85;
/// Days for which a picture that nothing shows any more is kept: pages that people have open still show it.
const KEEP_DAYS: i64 = 7;
/// Pictures removed in one transaction.
const TIDY_ROWS: i64 = 100;

view! {
    /// A picture in one size.
    pub struct ImageView {
        /// `small` (within 120 x 120 pixels), `middle` (360 x 360) or `big` (1024 x 1024).
        size: String,
        /// Its address.
        img: String,
    }
}

impl Engine {
    /// One size of a picture by the last part of its address, and its type in HTTP. Everybody may see it: the name
    /// is the hash of the content.
    pub async fn image_view(&self, file: &str) -> Result<(Vec<u8>, ImageKind)> {
        let (name, size) = ImageName::parse_file(file).ok_or(Error::NotFound)?;
        let bytes = stored::view(&self.store().read(), &name, size).await?.ok_or(Error::NotFound)?;
        Ok((bytes, name.kind))
    }

    /// Makes the rows of a picture that is sent, outside any transaction; [`apply`] stores it in the transaction that
    /// refers to it.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `field` in words; [`Error::Unavailable`] when too many pictures wait.
    pub(crate) async fn image_read(&self, field: &str, sent: &Patch<ImageFile>) -> Result<Patch<Image>> {
        let file = match sent {
            Patch::Keep => return Ok(Patch::Keep),
            Patch::Clear => return Ok(Patch::Clear),
            Patch::Set(file) => file.shared(),
        };
        let place = tokio::time::timeout(WAIT, DECODERS.acquire()).await;
        let Ok(Ok(place)) = place else {
            return Err(Error::Unavailable("too many pictures wait to be decoded".to_owned()));
        };
        let now = self.now();
        let work = tokio::task::spawn_blocking(move || {
            let made = make(file.bytes(), now);
            drop(place);
            made
        });
        let told = match tokio::time::timeout(PATIENCE, work).await {
            Ok(Ok(made)) => made,
            // A decoder that panics was fed with something that is no picture.
            Ok(Err(panic)) => {
                tracing::error!(%panic, "a decoder of pictures failed");
                Err(UNREADABLE.to_owned())
            }
            Err(_) => Err("The picture takes too long to read".to_owned()),
        };
        told.map(Patch::Set).map_err(|message| Error::field(field, message))
    }

    /// Removes pictures that nothing has shown for some days; a job.
    pub(crate) async fn image_tidy(&self) -> Result<()> {
        let before = self.now().plus_days(-KEEP_DAYS);
        self.store()
            .write(move |db| async move { stored::delete_unused(&db, before, TIDY_ROWS).await.map(drop) })
            .await
    }
}

/// Stores a picture that [`Engine::image_read`] made, and lets `shown` be its name.
pub(crate) async fn apply(db: &Db, image: &Patch<Image>, shown: &mut Option<String>) -> Result<()> {
    match image {
        Patch::Keep => {}
        Patch::Clear => *shown = None,
        Patch::Set(image) => {
            stored::ensure(db, image).await?;
            *shown = Some(image.name.clone());
        }
    }
    Ok(())
}

/// The addresses of a stored picture; none without one.
pub(crate) fn views(base_url: &str, stored: Option<&str>) -> Vec<ImageView> {
    let Some(name) = stored.and_then(ImageName::parse) else { return Vec::new() };
    let view = |size: ImageSize| ImageView {
        size: size.name().to_owned(),
        img: format!("{base_url}/img/{}", name.file(size)),
    };
    ImageSize::ALL.map(view).into()
}

const UNREADABLE: &str = "The picture is damaged and cannot be read";

/// The three sizes of a picture.
fn make(bytes: &[u8], now: Time) -> std::result::Result<Image, String> {
    let picture = decode(bytes)?;
    let big = scaled(&picture, ImageSize::Big);
    drop(picture);
    let is_opaque = !big.color().has_alpha() || big.to_rgba8().pixels().all(|pixel| pixel.0[3] == u8::MAX);
    let kind = if is_opaque { ImageKind::Jpeg } else { ImageKind::Png };
    // Sixteen bits a colour and shades of grey become what every browser shows.
    let big = match kind {
        ImageKind::Jpeg => DynamicImage::from(big.into_rgb8()),
        ImageKind::Png => DynamicImage::from(big.into_rgba8()),
    };
    let middle = scaled(&big, ImageSize::Middle);
    let small = scaled(&middle, ImageSize::Small);
    let (small, middle, big) = (encode(&small, kind)?, encode(&middle, kind)?, encode(&big, kind)?);
    let mut digest = Sha256::new();
    for part in [&small, &middle, &big] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let mut hash = hex(&digest.finalize());
    hash.truncate(HASH_DIGITS);
    Ok(Image { name: ImageName { hash, kind }.stored(), small, middle, big, date_used: now.0 })
}

fn decode(bytes: &[u8]) -> std::result::Result<DynamicImage, String> {
    let Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)) = image::guess_format(bytes)
    else {
        return Err("Must be a picture in PNG, JPEG or WebP".to_owned());
    };
    if format == ImageFormat::Jpeg {
        check_jpeg(bytes)?;
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(IMAGE_SIDE);
    limits.max_image_height = Some(IMAGE_SIDE);
    limits.max_alloc = Some(ALLOC_LIMIT);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits.clone());
    // Reads the head only: nothing is unpacked before its size is known.
    let mut decoder = reader.into_decoder().map_err(words)?;
    let (width, height) = decoder.dimensions();
    if width.max(height) > IMAGE_SIDE || u64::from(width) * u64::from(height) > IMAGE_PIXELS {
        return Err(too_large());
    }
    limits.reserve(decoder.total_bytes()).map_err(words)?;
    decoder.set_limits(limits).map_err(words)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(words)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// Refuses what the decoder of JPEG would put up with: a cut-off picture, and scans without end.
fn check_jpeg(bytes: &[u8]) -> std::result::Result<(), String> {
    // In packed data 0xFF is followed by zero or by the number of a restart, so these are marks, or stand in a
    // preview, which comes before the picture.
    let marks = |code: u8| bytes.windows(2).enumerate().filter(move |(_, pair)| *pair == [0xff, code]);
    let (scans, last_scan) = marks(0xda).fold((0, 0), |(count, _), (at, _)| (count + 1, at));
    if scans > SCANS {
        return Err("The picture has too many scans".to_owned());
    }
    match marks(0xd9).next_back() {
        Some((end, _)) if end > last_scan => Ok(()),
        _ => Err(UNREADABLE.to_owned()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn words(error: image::ImageError) -> String {
    match error {
        image::ImageError::Limits(_) => too_large(),
        _ => UNREADABLE.to_owned(),
    }
}

fn too_large() -> String {
    format!("The picture must have at most {IMAGE_PIXELS} pixels, and {IMAGE_SIDE} on a side")
}

fn scaled(picture: &DynamicImage, size: ImageSize) -> DynamicImage {
    let (width, height) = size.fit(picture.width(), picture.height());
    if (width, height) == (picture.width(), picture.height()) {
        return picture.clone();
    }
    picture.resize_exact(width, height, FilterType::CatmullRom)
}

fn encode(picture: &DynamicImage, kind: ImageKind) -> std::result::Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let written = match kind {
        ImageKind::Jpeg => picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY)),
        ImageKind::Png => picture.write_with_encoder(PngEncoder::new(&mut bytes)),
    };
    written.map_err(|_| UNREADABLE.to_owned())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
