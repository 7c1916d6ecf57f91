//! Bytes on their way to a backend: counted, and hashed. A part is never in memory as a whole.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::StreamExt as _;
use md5::{Digest as _, Md5};
use ringback_model::failure::Failure;
use ringback_model::object::{Md5Hex, PieceError, Pieces};

/// Passes at most so many bytes on, and knows what has passed.
pub(crate) struct Measured {
    pieces: Pieces,
    left: u64,
    md5: Md5,
}

impl Measured {
    pub(crate) fn new(pieces: Pieces, size: u64) -> Self {
        Self { pieces, left: size, md5: Md5::new() }
    }

    /// The next piece.
    ///
    /// # Errors
    /// They stop coming, or there are too many; also where they end before all of them have come.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, PieceError> {
        let Some(piece) = self.pieces.next().await.transpose()? else {
            return if self.left == 0 { Ok(None) } else { Err(PieceError::Broken) };
        };
        self.left = self.left.checked_sub(piece.len() as u64).ok_or(PieceError::TooMany)?;
        self.md5.update(&piece);
        Ok(Some(piece))
    }

    /// The next piece, and whether it is the last one.
    async fn next_or_last(&mut self) -> Result<(Bytes, bool), PieceError> {
        let piece = self.next().await?.unwrap_or_default();
        if self.left > 0 {
            return Ok((piece, false));
        }
        // Nothing but empty pieces may follow; what does is one too many.
        while self.next().await?.is_some() {}
        Ok((piece, true))
    }

    /// MD5 of what has passed.
    pub(crate) fn md5(self) -> Md5Hex {
        Md5Hex::of_digest(self.md5.finalize().into())
    }
}

/// What came of pieces that somebody else has taken.
#[derive(Clone, Default)]
pub(crate) struct Passage(Arc<Mutex<Option<Result<Md5Hex, PieceError>>>>);

impl Passage {
    /// The pieces as a stream. The last one is passed on when it is known to be the last: whoever takes as many bytes
    /// as were announced asks for no more, and [`Passage::md5`] knows nevertheless.
    pub(crate) fn watch(&self, pieces: Pieces, size: u64) -> Pieces {
        let measured = Some(Measured::new(pieces, size));
        Box::pin(futures_util::stream::unfold((measured, self.clone()), async |(measured, passage)| {
            let mut measured = measured?;
            match measured.next_or_last().await {
                Ok((piece, false)) => Some((Ok(piece), (Some(measured), passage))),
                Ok((piece, true)) => {
                    passage.note(Ok(measured.md5()));
                    Some((Ok(piece), (None, passage)))
                }
                Err(error) => {
                    passage.note(Err(error.clone()));
                    Some((Err(error), (None, passage)))
                }
            }
        }))
    }

    fn note(&self, ended: Result<Md5Hex, PieceError>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(ended);
    }

    /// MD5 of all of them; `None` where they have not been taken to their end.
    ///
    /// # Errors
    /// Why they ended early.
    pub(crate) fn md5(&self) -> Result<Option<Md5Hex>, Failure> {
        let ended = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        ended.transpose().map_err(Failure::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(texts: &'static [&'static str]) -> Pieces {
        let items = texts.iter().map(|text| Ok(Bytes::from_static(text.as_bytes())));
        Box::pin(futures_util::stream::iter(items))
    }

    async fn md5_of(texts: &'static [&'static str], size: u64) -> Result<Md5Hex, PieceError> {
        let mut measured = Measured::new(pieces(texts), size);
        while measured.next().await?.is_some() {}
        Ok(measured.md5())
    }

    #[tokio::test]
    async fn exactly_the_announced_bytes_pass() {
        // RFC 1321, A.5.
        assert_eq!(md5_of(&["a", "", "bc"], 3).await.unwrap().as_str(), "900150983cd24fb0d6963f7d28e17f72");
        assert!(matches!(md5_of(&["ab"], 3).await, Err(PieceError::Broken)));
        assert!(matches!(md5_of(&["ab", "cd"], 3).await, Err(PieceError::TooMany)));
        assert!(matches!(md5_of(&[], 3).await, Err(PieceError::Broken)));
    }

    #[tokio::test]
    async fn a_passage_knows_how_it_ended_before_its_end_is_asked_for() {
        for (size, wanted) in [(3, Some("900150983cd24fb0d6963f7d28e17f72")), (2, None)] {
            let passage = Passage::default();
            let mut watched = passage.watch(pieces(&["ab", "c", ""]), size);
            assert_eq!(passage.md5().unwrap(), None);
            for announced in ["ab", "c"].iter().take(usize::from(size == 3) * 2) {
                assert_eq!(watched.next().await.unwrap().unwrap(), announced);
            }
            assert_eq!(watched.next().await.is_none(), size == 3);
            assert_eq!(passage.md5().ok().flatten().as_ref().map(Md5Hex::as_str), wanted);
        }
    }
}
