//! The demo's pictures: painted by a few lines of arithmetic, so that no file is copied from anywhere.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use whocpa_domain::input::{FileBytes, Patch};
use whocpa_domain::{Error, Result};
use whocpa_engine::image::ImageFile;

/// Width and height, in pixels.
const SIZE: (u32, u32) = (640, 400);

/// Pairs of colours that go together: the ground, and what stands on it.
const COLOURS: [([u8; 3], [u8; 3]); 8] = [
    ([18, 52, 86], [250, 194, 64]),
    ([236, 230, 214], [46, 110, 92]),
    ([74, 28, 64], [240, 128, 96]),
    ([24, 90, 90], [232, 242, 214]),
    ([250, 214, 196], [160, 44, 60]),
    ([34, 34, 48], [110, 196, 232]),
    ([214, 232, 248], [44, 72, 150]),
    ([52, 74, 30], [238, 216, 120]),
];

/// The picture of the offer with this number: rings round a centre on a ground that grows darker, in colours and
/// places of its own.
pub fn picture(number: usize) -> Result<Patch<ImageFile>> {
    let (ground, mark) = COLOURS[number % COLOURS.len()];
    let turn = u32::try_from(number * 37 % 200).unwrap_or_default();
    let (center_x, center_y) = (SIZE.0 / 2 + turn, SIZE.1 / 2 + turn / 4);
    let width = 400 + (turn * 11) % 900;
    let painted = RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
        let (dx, dy) = (u32::abs_diff(x, center_x), u32::abs_diff(y, center_y));
        let is_mark = (dx * dx + dy * dy) / width % 4 == 0;
        let shade =
            |part: u8| u8::try_from(u32::from(part) * (SIZE.1 * 2 - y) / (SIZE.1 * 2)).unwrap_or(part);
        Rgb(if is_mark { mark } else { ground.map(shade) })
    });
    let mut file = Cursor::new(Vec::new());
    let encoded = DynamicImage::from(painted).write_to(&mut file, ImageFormat::Png);
    encoded.map_err(|e| Error::Internal(format!("painting a picture: {e}")))?;
    ImageFile::new(FileBytes::new(&file.into_inner())).map(Patch::Set).map_err(Error::Internal)
}
