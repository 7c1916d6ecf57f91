//! What a rule file cannot know about its rules: whether the files that they name are there, whether their addresses
//! are ever called, and whether their secrets can sign.

use std::net::IpAddr;
use std::path::Path;

use ringback_callbacks::{address, signature, tls};
use ringback_model::dialect::{Note, RuleFile, Severity};
use ringback_model::rule::Rule;

/// Adds notes about calls that cannot succeed, whatever the receiver does. Paths of files are made relative to
/// `folder`, the one in which the rule file stands.
pub fn inspect(file: &mut RuleFile, folder: &Path) {
    for rule in &mut file.rules {
        let line = file.notes.iter().find(|note| note.key == rule.name).map_or(0, |note| note.line);
        let note = |severity, key: String, text| Note { severity, line, key, text };
        if let Err(why) = find_authorities(rule, folder) {
            file.notes.push(note(Severity::Error, format!("{}.caFile", rule.name), why));
        }
        if let Some(Err(why)) = rule.secrets.current.as_deref().map(signature::check) {
            file.notes.push(note(Severity::Error, format!("{}.secret", rule.name), why.to_owned()));
        }
        if let Some((severity, why)) = wrong_address(&rule.url) {
            file.notes.push(note(severity, rule.name.clone(), why));
        }
    }
}

fn find_authorities(rule: &mut Rule, folder: &Path) -> Result<(), String> {
    let Some(named) = &rule.policy.ca_file else { return Ok(()) };
    let path = folder.join(named);
    tls::authorities(&path).map_err(|error| error.text)?;
    rule.policy.ca_file = Some(path.to_string_lossy().into_owned());
    Ok(())
}

/// Why a URL is not called. What names lead to shows at the call; what is no URL at all, whoever read it has said.
fn wrong_address(url: &str) -> Option<(Severity, String)> {
    let url: http::Uri = url.split('#').next()?.parse().ok()?;
    if address::names_no_host(&url) {
        let why = "the URL names no host, or no IPv6 address in its brackets";
        return Some((Severity::Error, why.to_owned()));
    }
    if address::names_no_port(&url) {
        return Some((Severity::Error, "the URL names a port that is not 1 to 65535".to_owned()));
    }
    let ip: IpAddr = url.host()?.trim_matches(['[', ']']).parse().ok()?;
    let why = format!(
        "{ip} is a link-local, metadata or reserved address; such are never called, so every call fails"
    );
    (!address::allowed(ip, true)).then_some((Severity::Warning, why))
}

#[cfg(test)]
mod tests {
    use ringback_model::app::App;

    use super::*;

    fn file(url: &str, ca_file: &str) -> RuleFile {
        let format = ringback_dialects::all(&App::default()).rule_formats[0].clone();
        let text = format!("url: {url}\nafterSendSingleMsg:\n  enable: true\n  caFile: {ca_file}\n");
        format.parse(&text, 0, &|_| None, &[])
    }

    #[test]
    fn authorities_are_looked_for_beside_the_rule_file() {
        let folder = tempfile::tempdir().unwrap();
        let authority = crate::receiver::certificate::provide(folder.path()).unwrap().authority;
        let name = authority.file_name().unwrap().to_str().unwrap();
        let mut good = file("https://localhost/", name);
        inspect(&mut good, folder.path());
        assert!(!good.is_broken(), "{:?}", good.notes);
        assert_eq!(good.rules[0].policy.ca_file.as_deref(), authority.to_str());
        let mut missing = file("https://localhost/", "nowhere.pem");
        inspect(&mut missing, folder.path());
        let note = missing.notes.last().unwrap();
        assert_eq!((note.severity, note.line), (Severity::Error, 2));
        assert!(note.text.contains("nowhere.pem"), "{}", note.text);
    }

    #[test]
    fn addresses_that_are_never_called_are_seen() {
        for (url, expected) in [
            ("http://169.254.169.254/latest", Some(Severity::Warning)),
            ("https://[fe80::1]:8080/x", Some(Severity::Warning)),
            ("http://0.0.0.0:1/#x", Some(Severity::Warning)),
            ("http://[]/x", Some(Severity::Error)),
            ("http://a[]/x", Some(Severity::Error)),
            ("http://[fe80::1%25eth0]/", Some(Severity::Error)),
            ("http://h:0/", Some(Severity::Error)),
            ("http://h:99999/", Some(Severity::Error)),
            ("http://[::1]x:80/", Some(Severity::Error)),
            ("http://h:/", None),
            ("http://[::1]:80/", None),
            ("http://127.0.0.1:1/", None),
            ("http://10.0.0.1/", None),
            ("https://host.example/", None),
            ("no url", None),
            ("", None),
        ] {
            assert_eq!(wrong_address(url).map(|(severity, _)| severity), expected, "{url}");
        }
    }

    #[test]
    fn a_rule_file_with_a_host_that_cannot_be_is_broken() {
        let folder = tempfile::tempdir().unwrap();
        for (url, broken) in [("http://[]:80/", true), ("http://h:0/", true), ("http://h:/", false)] {
            let mut read = file(url, "\"\"");
            assert!(!read.is_broken(), "{url}: {:?}", read.notes);
            inspect(&mut read, folder.path());
            assert_eq!(read.is_broken(), broken, "{url}: {:?}", read.notes);
        }
    }

    #[test]
    fn a_rule_file_with_a_key_pair_that_is_none_is_broken() {
        let folder = tempfile::tempdir().unwrap();
        let pair = signature::key_pair(&[7; 32]);
        for (secret, broken) in [("whsk_AAAA", true), (pair.as_str(), false), ("whsec_?", false)] {
            let mut read = file("http://h/", "\"\"");
            read.rules[0].secrets.current = Some(secret.to_owned());
            inspect(&mut read, folder.path());
            assert_eq!(read.is_broken(), broken, "{:?}", read.notes);
            let shown = read.notes.iter().any(|note| note.text.contains("AAAA"));
            assert!(!shown, "a secret is not shown");
        }
    }
}
