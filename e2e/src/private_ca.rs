//! A certification authority of the test's own, and a certificate of it for this machine.

use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// The authority, and one certificate for `localhost` and `127.0.0.1`.
#[derive(Debug)]
pub struct PrivateCa {
    ca_pem: String,
    ca_der: CertificateDer<'static>,
    leaf: rcgen::Certificate,
    leaf_key: KeyPair,
}

impl PrivateCa {
    /// A new one, with a certificate for this machine.
    ///
    /// # Panics
    /// When no key can be made.
    #[must_use]
    pub fn new() -> Self {
        Self::for_names(&["localhost", "127.0.0.1"])
    }

    /// A new one, with a certificate for these names.
    ///
    /// # Panics
    /// When no key can be made.
    #[must_use]
    pub fn for_names(names: &[&str]) -> Self {
        let ca_key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, "Test CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let ca = params.self_signed(&ca_key).unwrap();
        let issuer = Issuer::new(params, ca_key);

        let leaf_key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let leaf = CertificateParams::new(names).unwrap().signed_by(&leaf_key, &issuer).unwrap();
        Self { ca_pem: ca.pem(), ca_der: ca.der().clone(), leaf, leaf_key }
    }

    /// Writes `ca.pem`, `cert.pem` and `key.pem`.
    ///
    /// # Panics
    /// When the folder cannot be written.
    pub fn write(&self, folder: &Path) {
        for (name, text) in [
            ("ca.pem", self.ca_pem.clone()),
            ("cert.pem", self.leaf.pem()),
            ("key.pem", self.leaf_key.serialize_pem()),
        ] {
            std::fs::write(folder.join(name), text).unwrap();
        }
    }

    /// For a server with this certificate.
    ///
    /// # Panics
    /// Never: the key fits the certificate.
    #[must_use]
    pub fn acceptor(&self) -> TlsAcceptor {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.leaf_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.leaf.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    /// For a client that trusts this authority and nobody else.
    ///
    /// # Panics
    /// Never: the certificate is a good one.
    #[must_use]
    pub fn connector(&self) -> TlsConnector {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.ca_der.clone()).unwrap();
        let config = rustls::ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        TlsConnector::from(Arc::new(config))
    }
}

impl Default for PrivateCa {
    fn default() -> Self {
        Self::new()
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
