//! What a rule file cannot know about its rules: whether the files that they name are there, and whether their
//! addresses are ever called.

use std::net::IpAddr;
use std::path::Path;

use ringback_callbacks::{address, tls};
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
        if let Some(ip) = never_called(&rule.url) {
            let text = format!(
                "{ip} is a link-local, metadata or reserved address; such are never called, so every call fails"
            );
            file.notes.push(note(Severity::Warning, rule.name.clone(), text));
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

/// The address that the URL names, if it is one that is never called. What names lead to shows at the call.
fn never_called(url: &str) -> Option<IpAddr> {
    let url: http::Uri = url.split('#').next()?.parse().ok()?;
    let ip: IpAddr = url.host()?.trim_matches(['[', ']']).parse().ok()?;
    (!address::allowed(ip, true)).then_some(ip)
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
        for url in ["http://169.254.169.254/latest", "https://[fe80::1]:8080/x", "http://0.0.0.0:1/#x"] {
            assert!(never_called(url).is_some(), "{url}");
        }
        for url in ["http://127.0.0.1:1/", "http://10.0.0.1/", "https://host.example/", "no url", ""] {
            assert!(never_called(url).is_none(), "{url}");
        }
    }
}
