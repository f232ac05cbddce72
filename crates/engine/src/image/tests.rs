//! Attacks with pictures (trust I8), and what becomes of good ones.

use image::{ImageBuffer, Rgb, RgbImage, Rgba, RgbaImage};

use super::*;

const NOW: Time = Time(1_700_000_000);

fn photo(width: u32, height: u32) -> RgbImage {
    ImageBuffer::from_fn(width, height, |x, y| Rgb([(x % 251) as u8, (y % 241) as u8, ((x ^ y) % 239) as u8]))
}

fn png(picture: impl Into<DynamicImage>) -> Vec<u8> {
    encode(&picture.into(), ImageKind::Png).expect("encode")
}

fn jpeg(picture: impl Into<DynamicImage>) -> Vec<u8> {
    encode(&picture.into(), ImageKind::Jpeg).expect("encode")
}

fn webp(picture: impl Into<DynamicImage>) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, ImageFormat::WebP).expect("encode");
    bytes.into_inner()
}

fn size(bytes: &[u8]) -> (u32, u32) {
    let picture = image::load_from_memory(bytes).expect("a picture");
    (picture.width(), picture.height())
}

fn kind(image: &Image) -> Option<ImageKind> {
    ImageName::parse(&image.name).map(|name| name.kind)
}

/// The length of a block of JPEG that fits in one byte: its content and the two bytes of the length itself.
fn length(content: &[u8]) -> u8 {
    u8::try_from(content.len() + 2).expect("a short block")
}

fn refused(bytes: &[u8]) -> String {
    match make(bytes, NOW) {
        Err(message) => message,
        Ok(image) => panic!("accepted as {}", image.name),
    }
}

/// A PNG whose head promises a size.
fn png_head(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = png(photo(1, 1));
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = crc32fast::hash(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.to_be_bytes());
    bytes
}

#[test]
fn three_formats_become_three_sizes() {
    for bytes in [png(photo(1500, 750)), jpeg(photo(1500, 750)), webp(photo(1500, 750))] {
        let image = make(&bytes, NOW).expect("a good picture");
        assert_eq!(
            [size(&image.small), size(&image.middle), size(&image.big)],
            [(120, 60), (360, 180), (1024, 512)]
        );
        assert!(kind(&image) == Some(ImageKind::Jpeg), "{}", image.name);
        assert!(
            [&image.small, &image.middle, &image.big]
                .iter()
                .all(|part| part.starts_with(&[0xff, 0xd8, 0xff]))
        );
    }
    let little = make(&png(photo(100, 1)), NOW).expect("a good picture");
    assert_eq!(
        [size(&little.small), size(&little.middle), size(&little.big)],
        [(100, 1); 3],
        "never upscaled"
    );
}

#[test]
fn transparent_places_stay_transparent() {
    let picture: RgbaImage =
        ImageBuffer::from_fn(400, 400, |x, _| Rgba([255, 0, 0, if x < 200 { 0 } else { 255 }]));
    let image = make(&png(picture), NOW).expect("a good picture");
    assert_eq!(kind(&image), Some(ImageKind::Png));
    let shown = image::load_from_memory(&image.middle).expect("a picture").to_rgba8();
    assert_eq!((shown.get_pixel(0, 0).0[3], shown.get_pixel(359, 0).0), (0, [255, 0, 0, 255]));
}

#[test]
fn the_same_picture_has_the_same_name() {
    let first = make(&png(photo(300, 200)), NOW).expect("a good picture");
    let mut padded = png(photo(300, 200));
    padded.extend_from_slice(b"<script>alert(1)</script>");
    let second = make(&padded, Time(NOW.0 + 5)).expect("a picture with something behind it");
    assert_eq!(first.name, second.name, "what stands behind a picture is not part of it");
    assert_ne!(first.name, make(&png(photo(300, 201)), NOW).expect("a good picture").name);
}

#[test]
fn nothing_hidden_survives() {
    let secret = b"<script>alert('polyglot')</script><?php system('id'); ?>";
    let mut jpeg = jpeg(photo(200, 200));
    // A comment and an EXIF block behind the first mark, and a web page behind the end.
    let mut hidden = Vec::new();
    for mark in [0xfe, 0xe1] {
        hidden.extend_from_slice(&[0xff, mark, 0, length(secret)]);
        hidden.extend_from_slice(secret);
    }
    jpeg.splice(2..2, hidden);
    jpeg.extend_from_slice(b"<html>");
    jpeg.extend_from_slice(secret);
    let image = make(&jpeg, NOW).expect("a good picture");
    for part in [&image.small, &image.middle, &image.big] {
        assert!(!part.windows(8).any(|window| window == b"<script>" || window == b"polyglot"));
    }
}

#[test]
fn an_upright_picture_is_made_of_a_turned_one() {
    let mut bytes = jpeg(photo(300, 100));
    // EXIF with one entry: Orientation (0x0112) = 6, turn by 90 degrees.
    let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let mut block = vec![0xff, 0xe1, 0, length(exif)];
    block.extend_from_slice(exif);
    bytes.splice(2..2, block);
    let image = make(&bytes, NOW).expect("a good picture");
    assert_eq!(size(&image.big), (100, 300));
    assert!(!image.big.windows(4).any(|window| window == b"Exif"), "EXIF is gone");
}

#[test]
fn other_kinds_are_refused_by_their_content() {
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>".as_slice();
    let gif = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x00\x00\x00\x00\x00,"
        .as_slice();
    for bytes in [svg, gif, b"BM", b"%PDF-1.4", b"<html>", b"\0", b"II*\0", b"PK\x03\x04", b"\x89PNG"] {
        assert_eq!(refused(bytes), "Must be a picture in PNG, JPEG or WebP");
    }
}

#[test]
fn damaged_pictures_are_refused() {
    for whole in [png(photo(300, 300)), jpeg(photo(300, 300)), webp(photo(300, 300))] {
        for part in [12, whole.len() / 4, whole.len() / 2, whole.len() - 20] {
            let told = refused(&whole[..part]);
            assert!(
                [UNREADABLE, "Must be a picture in PNG, JPEG or WebP"].contains(&told.as_str()),
                "{part}: {told}"
            );
        }
    }
    assert_eq!(refused(b"\xff\xd8\xff\xe0"), UNREADABLE);
    assert_eq!(refused(b"\x89PNG\r\n\x1a\n"), UNREADABLE);
    assert_eq!(refused(b"RIFF\xff\xff\xff\xffWEBPVP8 \xff\xff\xff\xff"), UNREADABLE);
}

#[test]
fn bombs_are_seen_before_they_are_unpacked() {
    for (width, height) in [(60_000, 60_000), (u32::MAX >> 1, 1), (1, 20_000), (5_000, 5_000)] {
        assert_eq!(refused(&png_head(width, height)), too_large(), "{width} x {height}");
    }
    // A head of JPEG: 65 000 x 65 000 pixels.
    let mut bytes = jpeg(photo(16, 16));
    let frame = bytes.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a frame");
    bytes[frame + 5..frame + 9].copy_from_slice(&[0xfd, 0xe8, 0xfd, 0xe8]);
    assert_eq!(refused(&bytes), too_large());
    // Zero pixels.
    assert_eq!(refused(&png_head(0, 1)), UNREADABLE);
    let mut scans = jpeg(photo(16, 16));
    let at = scans.len() - 2;
    scans.splice(at..at, [0xff, 0xda].repeat(SCANS + 1));
    assert_eq!(refused(&scans), "The picture has too many scans");
}

#[test]
fn a_megabyte_of_zeros_is_no_slower_than_a_picture() {
    // 4000 x 4000 pixels of one colour pack into some kilobytes: as many as are accepted, and no more.
    let began = std::time::Instant::now();
    let image = make(&png(RgbImage::new(4000, 4000)), NOW).expect("as large as is accepted");
    assert_eq!(size(&image.big), (1024, 1024));
    assert!(began.elapsed() < PATIENCE * 3, "{:?}", began.elapsed());
}

#[test]
fn noise_behind_a_right_beginning_never_panics() {
    let mut state = 12_345_u32;
    for head in [b"\x89PNG\r\n\x1a\n".as_slice(), b"\xff\xd8\xff\xe0", b"RIFF\x40\0\0\0WEBPVP8L"] {
        for _ in 0..500 {
            let mut bytes = head.to_vec();
            for _ in 0..64 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                bytes.push((state >> 24) as u8);
            }
            bytes.extend_from_slice(b"\xff\xd9");
            assert!(make(&bytes, NOW).is_err());
        }
    }
    for whole in [png(photo(40, 40)), jpeg(photo(40, 40)), webp(photo(40, 40))] {
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x55;
            // Some flips are harmless; none may panic or hang.
            drop(make(&bytes, NOW));
        }
    }
}
