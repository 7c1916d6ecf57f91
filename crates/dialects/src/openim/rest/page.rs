//! Pages of lists. Source: REST sheet 1.3, 12 (`RequestPagination`).

use ringback_model::command::Page;

use super::body::{Reject, body, given};
use crate::openim::content::argument;

body! {
    /// A page of a list.
    #[schemars(rename = "RequestPagination")]
    Pagination {
        /// Which page, from 1.
        #[schemars(range(min = 1))]
        number: i32 = "pageNumber" required,
        /// Rows of a page.
        #[schemars(range(min = 1))]
        rows: i32 = "showNumber" required,
    }
}

/// The page that a body asks for.
pub(super) fn page(asked: Option<Pagination>) -> Result<Page, Reject> {
    let asked = given("pagination", asked)?;
    let (number, limit) = (count("pageNumber", asked.number)?, count("showNumber", asked.rows)?);
    Ok(Page { skip: (number - 1).saturating_mul(limit), limit })
}

fn count(field: &str, number: i32) -> Result<usize, Reject> {
    let counted = usize::try_from(number).ok().filter(|number| *number > 0);
    Ok(counted.ok_or_else(|| argument(format!("{field} is {number}; it begins at 1")))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_begin_at_one() {
        let asked = |number, rows| page(Some(Pagination { number, rows })).ok();
        assert_eq!(asked(1, 20), Some(Page { skip: 0, limit: 20 }));
        assert_eq!(asked(3, 20), Some(Page { skip: 40, limit: 20 }));
        assert!(asked(i32::MAX, i32::MAX).is_some());
        for (number, rows) in [(0, 20), (-1, 20), (1, 0), (1, -5)] {
            assert_eq!(asked(number, rows), None, "{number}, {rows}");
        }
        assert!(page(None).is_err());
    }
}
