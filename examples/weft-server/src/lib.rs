//! A shared inbox for commerce, served by weft.

pub mod shopify;
