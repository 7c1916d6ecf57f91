//! JSON Schemas of callbacks and their answers, made from the code that writes the ones and reads the others.
//! Source: JSON Schema 2020-12.
//!
//! | file | holds |
//! |---|---|
//! | `shape` | what values look like, by their types |
//! | `document` | a schema in the making |
//! | `examples` | answers for examples |
//! | `pages` | the index for people and for machines: `docs/schemas` |

mod document;
mod examples;
mod pages;
mod shape;

#[cfg(test)]
mod tests;

pub(crate) use document::{Document, Property, Side};
pub(crate) use examples::answers;
pub use pages::{File, files};
pub(crate) use shape::{Shape, any_of, or_null, read, written};
