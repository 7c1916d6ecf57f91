//! Trust: which certificate authorities vouch for receivers.

use std::path::Path;
use std::sync::Arc;

use hyper_rustls::ConfigBuilderExt as _;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::caller::{CallError, CallErrorKind};

/// Trusts what the machine trusts.
///
/// # Errors
/// Where the machine has no certificate authorities; only HTTPS calls need them.
pub(crate) fn system() -> Result<ClientConfig, CallError> {
    builder()?.with_native_roots().map(rustls::ConfigBuilder::<ClientConfig, _>::with_no_client_auth).map_err(
        |error| refuse(format!("no certificate authorities on this machine ({error}); set a ca_file")),
    )
}

/// Trusts the certificate authorities of a PEM file and nobody else.
///
/// # Errors
/// Where the file cannot be read or holds no certificate.
pub(crate) fn from_file(path: &Path) -> Result<ClientConfig, CallError> {
    Ok(builder()?.with_root_certificates(authorities(path)?).with_no_client_auth())
}

/// Trusts what the machine trusts, and the certificate authorities of a PEM file.
///
/// # Errors
/// Where the file cannot be read or holds no certificate.
pub fn system_and_file(path: &Path) -> Result<ClientConfig, CallError> {
    let mut roots = authorities(path)?;
    // A machine that has none of its own, or some that cannot be read, still has those of the file.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Ok(builder()?.with_root_certificates(roots).with_no_client_auth())
}

/// The certificate authorities of a PEM file.
///
/// # Errors
/// Where the file cannot be read or holds no certificate.
pub fn authorities(path: &Path) -> Result<RootCertStore, CallError> {
    let shown = path.display();
    let pem = std::fs::read(path).map_err(|error| refuse(format!("cannot read ca_file {shown}: {error}")))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate =
            certificate.map_err(|error| refuse(format!("ca_file {shown} is not PEM: {error}")))?;
        roots
            .add(certificate)
            .map_err(|error| refuse(format!("ca_file {shown} holds a bad certificate: {error}")))?;
    }
    if roots.is_empty() {
        return Err(refuse(format!("ca_file {shown} holds no certificate")));
    }
    Ok(roots)
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, CallError> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| refuse(format!("TLS is not available: {error}")))
}

fn refuse(text: String) -> CallError {
    CallError::new(CallErrorKind::Tls, text)
}

/// Trusts nobody: for pools that only speak plain HTTP.
pub(crate) fn nobody() -> Result<ClientConfig, CallError> {
    Ok(builder()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}
