//! People, in pages.

mod accounts;
mod founding;
mod matrix;
mod passwords;
mod sessions;
mod site;
