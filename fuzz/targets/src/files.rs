//! Files that come whole: forms with a file in them, and pictures that are made smaller.
//!
//! Input: a byte for what is tried; then the pieces that a form comes in (their length, a byte) and the form; or the width
//! and height of a box, a byte each, and the picture.

use std::io::Cursor;

use bytes::Bytes;
use futures_util::FutureExt as _;
use image::{DynamicImage, ImageFormat, RgbImage, RgbaImage};
use ringback_model::failure::RefusalCode;
use ringback_model::file::PictureBox;
use ringback_model::limits;
use ringback_server::http::forms::file_in;

use crate::input::Input;
use crate::seeds::Seeds;

/// Bytes that a file may have here.
const MOST: u64 = 1024;
/// The boundary of the forms.
const BOUNDARY: &str = "b";

/// Runs the target.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    if input.byte().is_multiple_of(2) {
        let piece = usize::from(input.byte()).max(1);
        form(input.rest(), piece);
    } else {
        let (width, height) = (u32::from(input.byte()).max(1), u32::from(input.byte()).max(1));
        picture(input.rest(), PictureBox { width, height });
    }
}

fn form(body: &[u8], piece: usize) {
    let pieces: Vec<_> = body.chunks(piece).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    let reading = file_in(futures_util::stream::iter(pieces), BOUNDARY.to_owned(), MOST);
    // Nothing is waited for: all of it is there.
    match reading.now_or_never().expect("a form that is there is read at once") {
        Ok(Some(file)) => {
            assert!(file.bytes.len() as u64 <= MOST, "{} bytes", file.bytes.len());
            assert!(file.name.chars().count() <= limits::FILE_NAME_CHARS);
            assert!(
                !file.name.contains(|c: char| matches!(c, '/' | '\\') || c.is_control()),
                "{:?}",
                file.name
            );
            assert!(file.content_type.len() <= limits::OBJECT_TYPE_BYTES);
            let found = |text: &[u8]| body.windows(text.len().max(1)).any(|window| window == text);
            assert!(file.bytes.is_empty() || found(&file.bytes), "the file is a part of the form");
        }
        Ok(None) => {}
        Err(refusal) => {
            assert!(matches!(refusal.code, RefusalCode::BadArgument | RefusalCode::FileTooLarge));
            assert!(!refusal.detail.is_empty());
        }
    }
}

fn picture(bytes: &[u8], within: PictureBox) {
    let Some(small) = ringback_objects::smaller(bytes, within) else { return };
    let read = image::load_from_memory(&small.bytes).expect("what was made can be read");
    assert!(read.width() <= within.width && read.height() <= within.height, "it fits in the box");
    assert!(ringback_objects::smaller(&small.bytes, within).is_none(), "and needs no smaller one");
}

/// Inputs to begin with.
#[must_use]
pub fn seeds() -> Seeds {
    let part =
        |head: &str, body: &str| format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n");
    let typed = part("name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png", "PNG");
    let named = part("name=\"filename\"", "../x/b.txt") + &part("name=\"file\"", "text");
    let forms = [("typed", typed), ("named", named), ("large", part("name=\"file\"", &"x".repeat(1025)))];
    let solid = DynamicImage::ImageRgb8(RgbImage::new(40, 20));
    let holes = DynamicImage::ImageRgba8(RgbaImage::new(20, 40));
    let pictures = [
        ("jpeg", &solid, ImageFormat::Jpeg),
        ("png", &holes, ImageFormat::Png),
        ("gif", &holes, ImageFormat::Gif),
        ("webp", &solid, ImageFormat::WebP),
    ];
    let forms = forms
        .into_iter()
        .map(|(name, form)| (name.to_owned(), [&[0, 7], form.as_bytes(), b"--b--\r\n"].concat()));
    let pictures = pictures.into_iter().map(|(name, picture, format)| {
        let mut file = Cursor::new(vec![1, 16, 16]);
        file.set_position(3);
        picture.write_to(&mut file, format).expect("a picture can be written");
        (name.to_owned(), file.into_inner())
    });
    forms.chain(pictures).collect()
}
