//! Keys that cannot leave their tenant, URLs that expire, data that is really erased.
//!
//! This crate is a name and a promise; there is no code in it yet. It will sign uploads and downloads
//! for at most 15 minutes under keys made of typed parts, seal what the service writes itself under a
//! data key of the tenant's own, and erase on a schedule that ends by day 30.
//!
//! It will never carry the bytes of an attachment through the application.
