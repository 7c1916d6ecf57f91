//! The report: `docs/proof.md`, its Chinese sister and the figures that the READMEs quote, written from the results
//! that are kept. Nothing in them is typed by hand, so nothing in them can be better than what was measured.

/// Writing to a string cannot fail.
macro_rules! line {
    ($page:expr, $($text:tt)*) => {{ use std::fmt::Write as _; let _ = writeln!($page, $($text)*); }};
}

mod figures;
mod names;
mod page;
mod readme;
mod results;
mod translation;
mod trials;
mod words;

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use results::Results;
use words::Language;

/// Where results are kept, in the repository.
const RESULTS: &str = "bench/results";

/// Writes the report into a checkout, from the results that are kept there; answers what was written.
///
/// # Errors
///
/// A result that cannot be read, a README without its marks, a page that cannot be written.
pub(crate) fn write(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let pages = pages(root)?;
    for (path, text) in &pages {
        std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(pages.into_iter().map(|(path, _)| path).collect())
}

/// Every page as it has to be.
fn pages(root: &Path) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let results = Results::read(&root.join(RESULTS))?;
    let mut pages = Vec::new();
    for language in [Language::English, Language::Chinese] {
        pages.push((root.join(language.page()), page::page(&results, language)));
        let path = root.join(language.readme());
        let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let quoted = readme::with_figures(&text, &results, language)
            .with_context(|| format!("quoting figures in {}", path.display()))?;
        pages.push((path, quoted));
    }
    Ok(pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
    }

    #[test]
    fn the_report_says_what_the_results_say() {
        if std::env::var_os("RINGBACK_WRITE_DOCS").is_some() {
            write(&root()).unwrap();
        }
        for (path, text) in pages(&root()).unwrap() {
            let written = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                written == text,
                "{} is not what the results say: run `ringback-bench proof`, or this test with RINGBACK_WRITE_DOCS=1",
                path.display()
            );
        }
    }

    #[test]
    fn every_figure_of_a_trial_has_a_name_in_both_languages() {
        let results = Results::read(&root().join(RESULTS)).unwrap();
        for trial in results.trials.values() {
            let items = trial.lists.iter().flatten().flat_map(|item| &item.figures);
            for (key, _) in trial.figures.iter().chain(items) {
                assert!(names::is_known(key), "{key} of {} has no line in names.rs", trial.file);
            }
        }
    }
}
