//! leaks
mod caches;
mod composition;
mod context;
mod inserts;
mod shapes;
mod writes;
