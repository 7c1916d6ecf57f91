//! Pieces of long lists, as callers name them: pages counted from 1. Source: REST sheet 1.3.

use ringback_model::limits;
use ringback_model::page::Page;

use super::body::{Reject, body, given};
use crate::openim::content::argument;

body! {
    /// Which page of a list.
    #[schemars(rename = "RequestPagination")]
    Pagination {
        /// Counted from 1.
        #[schemars(range(min = 1))]
        number: i32 = "pageNumber" required,
        /// Entries of a page, 1000 at most.
        #[schemars(range(min = 1, max = 1000))]
        size: i32 = "showNumber" required,
    }
}

/// The page that must be given.
pub(super) fn page(pagination: Option<Pagination>) -> Result<Page, Reject> {
    let Pagination { number, size } = given("pagination", pagination)?;
    Ok(Page::numbered(positive("pageNumber", number)?, at_most_a_list(positive("showNumber", size)?)?))
}

fn positive(field: &str, number: i32) -> Result<usize, Reject> {
    if number == 0 {
        return Err(Reject::Malformed(format!("{field} is empty")));
    }
    usize::try_from(number).map_err(|_| argument(format!("{field} is {number}, it must be 1 or more")).into())
}

fn at_most_a_list(size: usize) -> Result<usize, Reject> {
    if size > limits::LIST_ITEMS {
        return Err(
            argument(format!("showNumber is {size}, at most {} is allowed", limits::LIST_ITEMS)).into()
        );
    }
    Ok(size)
}
