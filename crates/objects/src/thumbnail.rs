//! Small pictures of large ones. Bytes come from strangers: how large a picture may be, and how much memory it may take
//! while it is read, is bounded, and only a few are read at once.

use std::io::Cursor;
use std::sync::Arc;

use bytes::Bytes;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};
use ringback_model::file::{Picture, PictureBox, Thumbnails};
use ringback_model::limits;
use ringback_model::ports::Fut;
use tokio::sync::Semaphore;

/// Makes pictures smaller: of JPEG, PNG, GIF (its first picture) and WebP.
#[derive(Debug)]
pub struct SmallPictures {
    places: Arc<Semaphore>,
}

impl Default for SmallPictures {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(limits::PICTURES)) }
    }
}

impl Thumbnails for SmallPictures {
    fn of(&self, bytes: Bytes, within: PictureBox) -> Fut<'_, Option<Picture>> {
        Box::pin(async move {
            if !is_worth_it(&bytes) {
                return None;
            }
            let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
            let making = tokio::task::spawn_blocking(move || {
                let _place = place;
                smaller(&bytes, within)
            });
            // A decoder that panics has met a picture that it cannot read.
            making.await.ok().flatten()
        })
    }
}

fn is_worth_it(bytes: &[u8]) -> bool {
    bytes.len() > limits::THUMBNAIL_FROM_BYTES && image::guess_format(bytes).is_ok()
}

/// A picture that fits in the box, upright; `None` for what cannot be read inside the bounds, or fits as it is.
#[must_use]
pub fn smaller(bytes: &[u8], within: PictureBox) -> Option<Picture> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut bounds = Limits::default();
    bounds.max_image_width = Some(limits::PICTURE_PIXELS);
    bounds.max_image_height = Some(limits::PICTURE_PIXELS);
    bounds.max_alloc = Some(limits::PICTURE_BYTES);
    reader.limits(bounds);
    let mut decoder = reader.into_decoder().ok()?;
    if decoder.total_bytes() > limits::PICTURE_BYTES {
        return None;
    }
    // Cameras write how they were held beside the picture; the small one has nothing beside it.
    let held = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).ok()?;
    picture.apply_orientation(held);
    if picture.width() <= within.width && picture.height() <= within.height {
        return None;
    }
    encoded(&picture.thumbnail(within.width.max(1), within.height.max(1)))
}

/// As JPEG, which has no holes; as PNG where there are some.
fn encoded(picture: &DynamicImage) -> Option<Picture> {
    let (format, content_type) = if picture.color().has_alpha() {
        (ImageFormat::Png, "image/png")
    } else {
        (ImageFormat::Jpeg, "image/jpeg")
    };
    let picture = if picture.color().has_alpha() {
        DynamicImage::ImageRgba8(picture.to_rgba8())
    } else {
        DynamicImage::ImageRgb8(picture.to_rgb8())
    };
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), format).ok()?;
    Some(Picture { content_type, bytes: bytes.into() })
}

#[cfg(test)]
mod tests {
    use image::{GenericImageView as _, Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    const BOX: PictureBox = PictureBox { width: 170, height: 170 };

    /// Left half red, right half blue.
    fn halves(width: u32, height: u32) -> DynamicImage {
        let half = |x, _| if x < width / 2 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) };
        DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, half))
    }

    fn file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        picture.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
        bytes
    }

    fn read(picture: &Picture) -> DynamicImage {
        image::load_from_memory(&picture.bytes).unwrap()
    }

    #[test]
    fn pictures_fit_in_the_box_and_keep_their_proportions() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP] {
            for (width, height, wanted) in
                [(800, 400, (170, 85)), (400, 800, (85, 170)), (171, 10, (170, 10))]
            {
                let of = halves(width, height);
                let of =
                    if format == ImageFormat::Gif { DynamicImage::ImageRgba8(of.to_rgba8()) } else { of };
                let small = smaller(&file(&of, format), BOX).unwrap();
                assert_eq!(read(&small).dimensions(), wanted, "{format:?} {width}x{height}");
            }
        }
        assert_eq!(smaller(&file(&halves(170, 170), ImageFormat::Png), BOX), None, "it fits as it is");
    }

    #[test]
    fn holes_stay_holes() {
        let see_through = DynamicImage::ImageRgba8(RgbaImage::from_pixel(400, 400, Rgba([9, 9, 9, 0])));
        let small = smaller(&file(&see_through, ImageFormat::Png), BOX).unwrap();
        assert_eq!((small.content_type, read(&small).get_pixel(5, 5).0[3]), ("image/png", 0));
        let solid = smaller(&file(&halves(400, 400), ImageFormat::Png), BOX).unwrap();
        assert_eq!(solid.content_type, "image/jpeg");
    }

    /// A JPEG whose EXIF says that the camera was held on its side (orientation 6: turn it right by a quarter).
    #[test]
    fn pictures_are_upright() {
        let plain = file(&halves(800, 400), ImageFormat::Jpeg);
        let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        let mut turned = vec![0xff, 0xd8, 0xff, 0xe1];
        turned.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
        turned.append(&mut exif);
        turned.extend(&plain[2..]);
        let small = read(&smaller(&turned, BOX).unwrap());
        assert_eq!(small.dimensions(), (85, 170));
        let (top, bottom) = (small.get_pixel(40, 20).0, small.get_pixel(40, 150).0);
        assert!(top[0] > 200 && bottom[2] > 200, "red on top: {top:?}, blue below: {bottom:?}");
    }

    #[test]
    fn what_is_no_picture_or_too_large_has_no_small_one() {
        let whole = file(&halves(800, 400), ImageFormat::Png);
        for end in 0..whole.len().min(200) {
            assert_eq!(smaller(&whole[..end], BOX), None, "cut after {end} bytes");
        }
        assert_eq!(smaller(b"<svg xmlns='http://www.w3.org/2000/svg'/>", BOX), None);
        // A header that promises 60,000 x 60,000 pixels.
        let mut huge = whole.clone();
        huge[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        assert_eq!(smaller(&huge, BOX), None);
    }

    #[tokio::test]
    async fn small_files_are_left_as_they_are() {
        let pictures = SmallPictures::default();
        let tiny: Bytes = file(&halves(400, 200), ImageFormat::Png).into();
        assert!(tiny.len() <= limits::THUMBNAIL_FROM_BYTES, "{}", tiny.len());
        assert_eq!(pictures.of(tiny, BOX).await, None);
        let noise = RgbImage::from_fn(300, 300, |x, y| {
            let mixed = x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503);
            Rgb([mixed.to_le_bytes()[0], mixed.to_le_bytes()[1], mixed.to_le_bytes()[2]])
        });
        let large: Bytes = file(&DynamicImage::ImageRgb8(noise), ImageFormat::Png).into();
        assert!(pictures.of(large.clone(), BOX).await.is_some());
        assert_eq!(pictures.of(large.slice(..large.len() - 9000), BOX).await, None, "it is cut");
    }
}
