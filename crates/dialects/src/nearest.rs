//! The known name that somebody probably meant.

/// The name among `known` that is most like `text`, if any is like it at all.
pub(crate) fn nearest<'a>(text: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = text.to_lowercase();
    known
        .map(|name| (strsim::jaro_winkler(&lower, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_nonsense_has_none() {
        let known = || ["beforeSendSingleMsg", "beforeSendGroupMsg"].into_iter();
        assert_eq!(nearest("beforeSendSingelMsg", known()), Some("beforeSendSingleMsg"));
        assert_eq!(nearest("zzz", known()), None);
    }
}
