//! The doctor on a real catalog: a healthy one, and each defect it knows, planted, found, mended by
//! its remedy and found no more.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "doctor/clinic.rs"]
#[macro_use]
mod clinic;

mod doctor {
    pub(crate) mod code;
    pub(crate) mod exceptions;
    pub(crate) mod keys;
    pub(crate) mod migrations;
    pub(crate) mod policies;
    pub(crate) mod references;
    pub(crate) mod relations;
    pub(crate) mod roads;
}
