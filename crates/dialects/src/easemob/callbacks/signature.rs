//! The `security` of a callback. Source: easemob-callbacks fact sheet 3.4.

use md5::{Digest, Md5};

/// Lower-case hex of MD5 over id, secret and time, run together.
#[must_use]
pub fn security(call_id: &str, secret: &str, timestamp_ms: i64) -> String {
    let mut hash = Md5::new();
    hash.update(call_id);
    hash.update(secret);
    hash.update(timestamp_ms.to_string());
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_worked_example() {
        let call_id = "demo-org#demo-app_0f8fad5b-d9cb-469f-a165-70867728950e";
        assert_eq!(security(call_id, "s3cr3t-demo", 1_731_000_000_123), "3457561f7ee148b65eaf5908ac1a69b2");
    }
}
