//! A client of uploads, as the SDKs are ones: cuts a file into parts, says what they hash to, sends each to where the
//! server says, and puts them together. Source: openim-rest fact sheet 10.

use http::Method;
use md5::{Digest as _, Md5};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::rest::{Reply, Rest};

/// A file that is to be uploaded.
#[derive(Debug, Clone)]
pub struct File {
    pub name: String,
    pub content_type: String,
    pub bytes: Vec<u8>,
    pub part_size: usize,
}

/// 32 hexadecimal digits.
#[must_use]
pub fn md5_hex(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl File {
    /// `length` bytes that differ everywhere, and from those of another seed.
    #[must_use]
    pub fn made_up(name: &str, length: usize, seed: u64) -> Self {
        let mut state = seed.wrapping_mul(2).wrapping_add(1);
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state.to_be_bytes()[0]
        };
        let bytes = (0..length).map(|_| next()).collect();
        Self { name: name.to_owned(), content_type: "image/png".to_owned(), bytes, part_size: 5 << 20 }
    }

    /// MD5 of each part, in order.
    #[must_use]
    pub fn part_hashes(&self) -> Vec<String> {
        self.bytes.chunks(self.part_size).map(md5_hex).collect()
    }

    /// The body of `initiate_multipart_upload`.
    #[must_use]
    pub fn announcement(&self) -> Value {
        json!({
            "hash": md5_hex(self.part_hashes().join(",").as_bytes()), "size": self.bytes.len(),
            "partSize": self.part_size, "maxParts": -1, "cause": "", "name": self.name,
            "contentType": self.content_type,
        })
    }

    /// Begins the upload; its `upload`.
    ///
    /// # Panics
    /// When it is refused, or the content is there already.
    pub async fn begin(&self, rest: &Rest) -> Value {
        let begun = rest.post("/object/initiate_multipart_upload", &self.announcement()).await.data();
        assert_eq!(begun["url"], "", "the content is there already");
        begun["upload"].clone()
    }

    /// The bytes of a part, counted from 1.
    #[must_use]
    pub fn part(&self, number: usize) -> &[u8] {
        self.bytes.chunks(self.part_size).nth(number - 1).unwrap_or_default()
    }

    /// Sends a part, counted from 1, to where the upload says.
    pub async fn put(&self, rest: &Rest, upload: &Value, number: usize) -> Reply {
        let headers = [("content-type", self.content_type.as_str())];
        rest.send(Method::PUT, &part_path(&upload["sign"], number), &headers, self.part(number)).await
    }

    /// Puts the upload together.
    pub async fn finish(&self, rest: &Rest, upload: &Value) -> Reply {
        let body = json!({
            "uploadID": upload["uploadID"], "parts": self.part_hashes(), "cause": "", "name": self.name,
            "contentType": self.content_type,
        });
        rest.post("/object/complete_multipart_upload", &body).await
    }

    /// All of it; the address of the object.
    ///
    /// # Panics
    /// When something is refused.
    pub async fn upload(&self, rest: &Rest) -> String {
        let begun = rest.post("/object/initiate_multipart_upload", &self.announcement()).await.data();
        if let Some(url) = begun["url"].as_str().filter(|url| !url.is_empty()) {
            return url.to_owned();
        }
        for number in 1..=self.part_hashes().len() {
            let put = self.put(rest, &begun["upload"], number).await;
            assert_eq!(put.status, 200, "part {number}: {}", String::from_utf8_lossy(&put.bytes));
        }
        let done = self.finish(rest, &begun["upload"]).await.data();
        done["url"].as_str().unwrap().to_owned()
    }
}

/// Path and query of a part's address: those of all parts, and its own, as both SDKs put them together.
///
/// # Panics
/// When there is no such part among those that are signed.
#[must_use]
pub fn part_path(sign: &Value, number: usize) -> String {
    let part = sign["parts"].as_array().unwrap().iter().find(|part| part["partNumber"] == number).unwrap();
    let own = part["url"].as_str().filter(|url| !url.is_empty());
    let path = path_of(own.unwrap_or_else(|| sign["url"].as_str().unwrap()));
    let pairs = [sign, part].into_iter().flat_map(|place| place["query"].as_array().unwrap());
    let query: Vec<String> = pairs
        .map(|pair| {
            let value = pair["values"][0].as_str().unwrap();
            format!("{}={}", pair["key"].as_str().unwrap(), utf8_percent_encode(value, NON_ALPHANUMERIC))
        })
        .collect();
    format!("{path}?{}", query.join("&"))
}

/// What stands behind scheme and host.
///
/// # Panics
/// When it is no URL.
#[must_use]
pub fn path_of(url: &str) -> String {
    let (_, rest) = url.split_once("://").unwrap();
    format!("/{}", rest.split_once('/').unwrap().1)
}
