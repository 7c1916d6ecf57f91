//! Settings of uploads.

use std::path::PathBuf;
use std::time::Duration;

use ringback_model::limits;
use ringback_model::secret::Secret;

/// Uploads: where they are kept, and their bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectSettings {
    /// Where they are kept.
    pub backend: ObjectBackend,
    /// The folder; `None` = `objects` in the data folder.
    pub folder: Option<PathBuf>,
    /// See [`limits::OBJECT_BYTES`].
    pub max_bytes: u64,
    /// See [`limits::UPLOAD_EXPIRY`].
    pub upload_expiry: Duration,
    /// How long they are kept; `None` = for ever.
    pub keep: Option<Duration>,
    /// The bucket.
    pub s3: S3Settings,
}

impl Default for ObjectSettings {
    fn default() -> Self {
        Self {
            backend: ObjectBackend::Local,
            folder: None,
            max_bytes: limits::OBJECT_BYTES,
            upload_expiry: limits::UPLOAD_EXPIRY,
            keep: None,
            s3: S3Settings::default(),
        }
    }
}

/// Where uploads are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectBackend {
    /// Nowhere: they are refused.
    Off,
    /// In a folder.
    Local,
    /// In a bucket.
    S3,
}

impl ObjectBackend {
    /// All words for it in the settings.
    pub const WORDS: [&str; 3] = ["off", "local", "s3"];

    /// By its word.
    #[must_use]
    pub fn named(word: &str) -> Self {
        match word {
            "off" => Self::Off,
            "s3" => Self::S3,
            _ => Self::Local,
        }
    }

    /// Its word in the settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Local => "local",
            Self::S3 => "s3",
        }
    }
}

/// A bucket, as it stands in the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Settings {
    /// URL of the service.
    pub endpoint: Option<String>,
    /// Its region.
    pub region: String,
    /// Name of the bucket.
    pub bucket: Option<String>,
    /// Id of the key.
    pub access_key: Option<Secret>,
    /// The key.
    pub secret_key: Option<Secret>,
    /// Whether the bucket stands in the path of URLs.
    pub path_style: bool,
}

impl Default for S3Settings {
    fn default() -> Self {
        Self {
            endpoint: None,
            region: "us-east-1".to_owned(),
            bucket: None,
            access_key: None,
            secret_key: None,
            path_style: true,
        }
    }
}

impl S3Settings {
    /// Whether all is there that a bucket needs.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.endpoint.is_some()
            && self.bucket.is_some()
            && self.access_key.is_some()
            && self.secret_key.is_some()
    }
}
