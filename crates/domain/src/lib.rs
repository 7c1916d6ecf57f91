//! What the product does: one file per use case.
