//! The table finds what it describes.

use std::collections::BTreeSet;

use super::*;
use crate::admin::input;

fn place(path: &str) -> Option<Place> {
    Place::find(&input::segments(path).unwrap())
}

#[test]
fn every_operation_is_found_by_its_path() {
    let mut ids = BTreeSet::new();
    for operation in OPERATIONS {
        assert!(ids.insert(operation.id), "{} twice", operation.id);
        let found = place(operation.path).unwrap();
        assert_eq!(found.operation(&operation.method).unwrap().id, operation.id);
        assert_eq!(found.params.len(), operation.params().count());
    }
}

#[test]
fn names_may_be_anything() {
    let found = place("/admin/v1/rules/a%2Fb%20%E5%AE%A1/test").unwrap();
    assert_eq!(found.params, [("name", "a/b 审".to_owned())]);
    assert_eq!(found.allowed(), "POST, OPTIONS");
    assert_eq!(place("/admin/v1/rules").unwrap().allowed(), "GET, POST, HEAD, OPTIONS");
    for nowhere in ["/admin/v1", "/admin/v1/", "/admin/v1/rules/a/b/c", "/admin/v1/nothing"] {
        assert!(place(nowhere).is_none(), "{nowhere}");
    }
}
