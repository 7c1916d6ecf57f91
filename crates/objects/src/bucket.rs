//! Objects in a bucket of S3: an object for each key, and S3's own uploads by parts. Parts pass through; none is ever
//! in memory as a whole. The bucket must answer MD5s as ETags of parts, as S3 does unless it encrypts with keys of its
//! key service; a part that is answered otherwise fails.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::StatusCode;
use http::header::{ETAG, HeaderName, IF_NONE_MATCH, RANGE};
use jiff::Timestamp;
use ringback_model::failure::{Failure, Fault};
use ringback_model::limits;
use ringback_model::object::{Md5Hex, Pieces, UploadPlace};
use ringback_model::ports::{Clock, Fut};
use ringback_model::time::UnixMs;
use rusty_s3::S3Action as _;
use rusty_s3::actions::{CreateMultipartUpload, ListObjectsV2, ListParts};

use crate::backend::{Backend, Entry, StoredPart, gone, not_under_way};
use crate::measured::Passage;
use crate::s3::{BucketSettings, NotABucket, Sent, Service, refused};

/// Time for a short answer.
const WAIT: Duration = limits::OBJECT_STORE_WAIT;
/// Putting the parts of a large object together takes the service a while.
const ASSEMBLE: Duration = Duration::from_secs(300);
/// Entries of one page of a list: S3's own bound.
const PAGE: usize = 1000;

/// The bucket.
pub(crate) struct Bucket {
    service: Service,
}

impl Bucket {
    pub(crate) fn new(settings: &BucketSettings, clock: Arc<dyn Clock>) -> Result<Self, NotABucket> {
        Ok(Self { service: Service::new(settings, clock)? })
    }

    async fn put(&self, key: &str, bytes: Vec<u8>, only_new: bool) -> Result<StatusCode, Failure> {
        let s3 = &self.service;
        let mut action = s3.bucket.put_object(Some(&s3.credentials), key);
        let mut headers: Vec<(HeaderName, String)> = Vec::new();
        if only_new {
            action.headers_mut().insert("if-none-match", "*");
            headers.push((IF_NONE_MATCH, "*".to_owned()));
        }
        let answer = s3.call(&action, &headers, Sent::Whole(bytes), WAIT).await?;
        // Two who create at once: one of them is told to come again, and finds what the other has made.
        let taken = [StatusCode::PRECONDITION_FAILED, StatusCode::CONFLICT];
        if only_new && taken.contains(&answer.status) {
            return Ok(StatusCode::PRECONDITION_FAILED);
        }
        answer.good("a record cannot be written").map(|answer| answer.status)
    }
}

impl Backend for Bucket {
    fn record<'a>(&'a self, key: &'a str) -> Fut<'a, Result<Option<Vec<u8>>, Failure>> {
        Box::pin(async move {
            let s3 = &self.service;
            let action = s3.bucket.get_object(Some(&s3.credentials), key);
            let answer = s3.call(&action, &[], Sent::Whole(Vec::new()), WAIT).await?;
            if answer.status == StatusCode::NOT_FOUND {
                return Ok(None);
            }
            Ok(Some(answer.good("a record cannot be read")?.body.to_vec()))
        })
    }

    fn write<'a>(&'a self, key: &'a str, bytes: Vec<u8>) -> Fut<'a, Result<(), Failure>> {
        Box::pin(async move { self.put(key, bytes, false).await.map(|_| ()) })
    }

    fn create<'a>(&'a self, key: &'a str, bytes: Vec<u8>) -> Fut<'a, Result<bool, Failure>> {
        Box::pin(async move {
            // A service that does not know the condition would overwrite: it is asked first.
            if self.size(key).await?.is_some() {
                return Ok(false);
            }
            Ok(self.put(key, bytes, true).await? != StatusCode::PRECONDITION_FAILED)
        })
    }

    fn remove<'a>(&'a self, key: &'a str) -> Fut<'a, Result<(), Failure>> {
        Box::pin(async move {
            let s3 = &self.service;
            let action = s3.bucket.delete_object(Some(&s3.credentials), key);
            let answer = s3.call(&action, &[], Sent::Whole(Vec::new()), WAIT).await?;
            if answer.status == StatusCode::NOT_FOUND {
                return Ok(());
            }
            answer.good("an object cannot be removed").map(|_| ())
        })
    }

    fn list<'a>(&'a self, prefix: &'a str, limit: usize) -> Fut<'a, Result<Vec<Entry>, Failure>> {
        Box::pin(async move {
            let s3 = &self.service;
            let mut entries = Vec::new();
            let mut after: Option<String> = None;
            while entries.len() < limit {
                let mut action = s3.bucket.list_objects_v2(Some(&s3.credentials));
                action.with_prefix(prefix);
                action.with_max_keys(PAGE.min(limit - entries.len()));
                if let Some(after) = &after {
                    action.with_continuation_token(after.clone());
                }
                let answer = s3.call(&action, &[], Sent::Whole(Vec::new()), WAIT).await?;
                let page = ListObjectsV2::parse_response(&answer.good("objects cannot be listed")?.text())
                    .map_err(|error| Fault::from_error("a list of objects cannot be read", error))?;
                for entry in page.contents {
                    let written = entry.last_modified.and_then(|at| at.parse::<Timestamp>().ok());
                    // One without a time is taken for new: nothing goes by mistake.
                    let written_at = UnixMs(written.map_or(i64::MAX, Timestamp::as_millisecond));
                    entries.push(Entry { key: entry.key, written_at });
                }
                after = page.next_continuation_token;
                if after.is_none() {
                    break;
                }
            }
            Ok(entries)
        })
    }

    fn begin<'a>(&'a self, content: &'a str) -> Fut<'a, Result<String, Failure>> {
        Box::pin(async move {
            let s3 = &self.service;
            let action = s3.bucket.create_multipart_upload(Some(&s3.credentials), content);
            let answer = s3.call(&action, &[], Sent::Whole(Vec::new()), WAIT).await?;
            let begun =
                CreateMultipartUpload::parse_response(&answer.good("an upload cannot be begun")?.text())
                    .map_err(|error| Fault::from_error("the beginning of an upload cannot be read", error))?;
            Ok(begun.upload_id().to_owned())
        })
    }

    fn put_part<'a>(
        &'a self,
        place: &'a UploadPlace,
        number: u32,
        size: u64,
        bytes: Pieces,
    ) -> Fut<'a, Result<Md5Hex, Failure>> {
        Box::pin(async move {
            let s3 = &self.service;
            let number = u16::try_from(number).map_err(|_| not_under_way())?;
            let action = s3.bucket.upload_part(Some(&s3.credentials), &place.content, number, &place.ticket);
            let passage = Passage::default();
            let sent = Sent::Streamed(passage.watch(bytes, size), size);
            let wait = WAIT * 2 + Duration::from_secs(size / limits::OBJECT_BYTES_PER_SECOND);
            let answer = s3.call(&action, &[], sent, wait).await;
            // Where the client's bytes broke off, that is what is wrong, and not what the service made of it.
            let md5 = passage.md5()?;
            let answer = answer?;
            if answer.status == StatusCode::NOT_FOUND {
                return Err(not_under_way());
            }
            let answer = answer.good("a part cannot be written")?;
            let etag = answer.headers.get(ETAG).and_then(|etag| etag.to_str().ok()).and_then(of_etag);
            match md5 {
                Some(md5) if etag.as_ref() == Some(&md5) => Ok(md5),
                Some(_) => Err(Fault::new(
                    "the object store's ETag of a part is not its MD5; does the bucket encrypt with keys of a key service?",
                )
                .into()),
                None => Err(Fault::new("the object store did not take all of a part").into()),
            }
        })
    }

    fn parts<'a>(&'a self, place: &'a UploadPlace) -> Fut<'a, Result<Vec<StoredPart>, Failure>> {
        Box::pin(async move {
            let s3 = &self.service;
            let mut parts = Vec::new();
            let mut after = None;
            loop {
                let mut action = s3.bucket.list_parts(Some(&s3.credentials), &place.content, &place.ticket);
                if let Some(after) = after {
                    action.set_part_number_marker(after);
                }
                let answer = s3.call(&action, &[], Sent::Whole(Vec::new()), WAIT).await?;
                if answer.status == StatusCode::NOT_FOUND {
                    return Ok(parts);
                }
                let page = ListParts::parse_response(&answer.good("parts cannot be listed")?.text())
                    .map_err(|error| Fault::from_error("a list of parts cannot be read", error))?;
                parts.extend(page.parts.iter().filter_map(|part| {
                    let md5 = of_etag(&part.etag)?;
                    Some(StoredPart { number: u32::from(part.number), md5, size: part.size })
                }));
                // Numbers rise, so this ends; a service whose numbers do not is not asked for ever.
                let next =
                    page.next_part_number_marker.filter(|next| after.is_none_or(|after| *next > after));
                let Some(next) = next else { return Ok(parts) };
                after = Some(next);
            }
        })
    }

    fn assemble<'a>(
        &'a self,
        place: &'a UploadPlace,
        parts: &'a [StoredPart],
    ) -> Fut<'a, Result<(), Failure>> {
        Box::pin(async move {
            let s3 = &self.service;
            let etags = parts.iter().map(|part| part.md5.as_str());
            let credentials = Some(&s3.credentials);
            let action =
                s3.bucket.complete_multipart_upload(credentials, &place.content, &place.ticket, etags);
            let body = action.clone().body().into_bytes();
            let answer = s3.call(&action, &[], Sent::Whole(body), ASSEMBLE).await?;
            let what = "an upload cannot be put together";
            let answer = answer.good(what)?;
            // It says 200 before it knows: what came of it stands in the body.
            if answer.text().contains("<Error") {
                return Err(refused(what, answer.status, &answer.text()));
            }
            Ok(())
        })
    }

    fn abandon<'a>(&'a self, place: &'a UploadPlace) -> Fut<'a, Result<(), Failure>> {
        Box::pin(async move {
            let s3 = &self.service;
            let credentials = Some(&s3.credentials);
            let action = s3.bucket.abort_multipart_upload(credentials, &place.content, &place.ticket);
            let answer = s3.call(&action, &[], Sent::Whole(Vec::new()), WAIT).await?;
            if answer.status == StatusCode::NOT_FOUND {
                return Ok(());
            }
            answer.good("parts cannot be removed").map(|_| ())
        })
    }

    fn size<'a>(&'a self, content: &'a str) -> Fut<'a, Result<Option<u64>, Failure>> {
        Box::pin(async move {
            let s3 = &self.service;
            let action = s3.bucket.head_object(Some(&s3.credentials), content);
            let answer = s3.call(&action, &[], Sent::Whole(Vec::new()), WAIT).await?;
            if answer.status == StatusCode::NOT_FOUND {
                return Ok(None);
            }
            let answer = answer.good("an object cannot be read")?;
            let length = answer.headers.get(http::header::CONTENT_LENGTH);
            Ok(length.and_then(|length| length.to_str().ok()).and_then(|length| length.parse().ok()))
        })
    }

    fn read<'a>(&'a self, content: &'a str, first: u64, length: u64) -> Fut<'a, Result<Pieces, Failure>> {
        Box::pin(async move {
            let s3 = &self.service;
            let action = s3.bucket.get_object(Some(&s3.credentials), content);
            let range = format!("bytes={first}-{}", first + length - 1);
            let (status, mut pieces) = s3.stream(&action, &[(RANGE, range)]).await?;
            match status {
                StatusCode::PARTIAL_CONTENT => Ok(pieces),
                StatusCode::NOT_FOUND => Err(gone()),
                other => {
                    let said: Bytes = pieces.next().await.and_then(Result::ok).unwrap_or_default();
                    Err(refused("an object cannot be read", other, &String::from_utf8_lossy(&said)))
                }
            }
        })
    }
}

/// The MD5 in an ETag; `None` where it is none.
fn of_etag(etag: &str) -> Option<Md5Hex> {
    Md5Hex::parse(etag.trim_matches('"'))
}
