//! People, in pages.

mod accounts;
mod founding;
mod passwords;
mod site;
