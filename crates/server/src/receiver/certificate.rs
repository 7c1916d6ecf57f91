//! HTTPS for a receiver on the developer's own machine: a private authority and a certificate for localhost, made
//! once and kept in a folder, so that the server can go on trusting it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// The files of [`provide`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The authority's certificate: what the server is told to trust.
    pub authority: PathBuf,
    /// The receiver's certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// The files in `folder`; made where one of them is missing.
///
/// # Errors
/// Where the folder cannot be written.
pub fn provide(folder: &Path) -> anyhow::Result<Files> {
    let files = Files {
        authority: folder.join("ca.pem"),
        certificate: folder.join("localhost.pem"),
        key: folder.join("localhost.key"),
    };
    if [&files.authority, &files.certificate, &files.key].iter().all(|file| file.is_file()) {
        return Ok(files);
    }
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let made = make().context("cannot make a certificate")?;
    write(&files.authority, &made.authority, false)?;
    write(&files.certificate, &made.certificate, false)?;
    write(&files.key, &made.key, true)?;
    Ok(files)
}

struct Made {
    authority: String,
    certificate: String,
    key: String,
}

/// The authority's key is dropped: nobody can issue another certificate that the server would trust.
fn make() -> Result<Made, rcgen::Error> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.distinguished_name.push(DnType::CommonName, "Ringback test receiver authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let mut receiver = CertificateParams::new(names)?;
    receiver.distinguished_name.push(DnType::CommonName, "Ringback test receiver");
    receiver.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let certificate = receiver.signed_by(&key, &authority)?;
    Ok(Made { authority: authority.pem(), certificate: certificate.pem(), key: key.serialize_pem() })
}

fn write(path: &Path, text: &str, private: bool) -> anyhow::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(if private { 0o600 } else { 0o644 });
    }
    let mut file = options.open(path).with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
}

/// TLS with this certificate chain and key, both PEM.
///
/// # Errors
/// Names the file that cannot be read or used.
pub fn load(certificate: &Path, key: &Path) -> anyhow::Result<Arc<ServerConfig>> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("cannot read certificates from {}", certificate.display()))?;
    if chain.is_empty() {
        bail!("{} holds no certificate", certificate.display());
    }
    let key_der = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("cannot read a private key from {}", key.display()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key_der)
        .with_context(|| format!("{} does not go with {}", certificate.display(), key.display()))?;
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_made_once_and_can_be_used() {
        let folder = tempfile::tempdir().unwrap();
        let files = provide(&folder.path().join("tls")).unwrap();
        let first = std::fs::read(&files.authority).unwrap();
        assert_eq!(provide(&folder.path().join("tls")).unwrap(), files);
        assert_eq!(std::fs::read(&files.authority).unwrap(), first, "kept, so that it stays trusted");
        load(&files.certificate, &files.key).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&files.key).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let files = provide(folder.path()).unwrap();
        let missing = folder.path().join("none.pem");
        assert!(format!("{:#}", load(&missing, &files.key).unwrap_err()).contains("none.pem"));
        assert!(format!("{:#}", load(&files.key, &files.key).unwrap_err()).contains("no certificate"));
    }
}
