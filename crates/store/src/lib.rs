//! The promises of the store ports, kept several ways.
