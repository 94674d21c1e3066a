//! Guarded statements by text and shape, shared by all connections of a process.
//!
//! Two generations bound it: what is used moves to the young one, and when that is full the old one
//! is dropped whole. The entries hold no value of any scope.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, PoisonError, RwLock},
};

use super::{Guarded, Shape};

/// Bytes of statements, both texts counted, that one generation holds.
const GENERATION: usize = 8 * 1024 * 1024;
/// Longer texts are batches of values, which do not come twice.
const LONGEST: usize = 32 * 1024;

#[derive(Default)]
pub(crate) struct Cache {
    generations: RwLock<Generations>,
}

#[derive(Default)]
struct Generations {
    young: Generation,
    old: Generation,
}

#[derive(Default)]
struct Generation {
    entries: HashMap<Arc<str>, Vec<Entry>>,
    bytes: usize,
}

struct Entry {
    binds: u16,
    shape: Shape,
    guarded: Arc<Guarded>,
}

impl Cache {
    pub(super) fn find(&self, sql: &str, binds: u16, shape: Shape) -> Option<Arc<Guarded>> {
        {
            let generations = self
                .generations
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(found) = generations.young.find(sql, binds, shape) {
                return Some(found);
            }
            generations.old.find(sql, binds, shape)?;
        }
        let mut generations = self
            .generations
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let found = generations.old.find(sql, binds, shape)?;
        generations.insert(sql, binds, shape, &found);
        Some(found)
    }

    pub(super) fn keep(&self, sql: &str, binds: u16, shape: Shape, guarded: &Arc<Guarded>) {
        if sql.len() <= LONGEST {
            let mut generations = self
                .generations
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            generations.insert(sql, binds, shape, guarded);
        }
    }
}

impl Generations {
    fn insert(&mut self, sql: &str, binds: u16, shape: Shape, guarded: &Arc<Guarded>) {
        let bytes = sql.len() + guarded.sql.len() + mem::size_of::<Entry>();
        if self.young.bytes + bytes > GENERATION {
            self.old = mem::take(&mut self.young);
        }
        if self.young.find(sql, binds, shape).is_some() {
            return;
        }
        self.young.bytes += bytes;
        let entry = Entry {
            binds,
            shape,
            guarded: Arc::clone(guarded),
        };
        match self.young.entries.get_mut(sql) {
            Some(entries) => entries.push(entry),
            None => drop(self.young.entries.insert(sql.into(), vec![entry])),
        }
    }
}

impl Generation {
    fn find(&self, sql: &str, binds: u16, shape: Shape) -> Option<Arc<Guarded>> {
        self.entries
            .get(sql)?
            .iter()
            .find(|entry| entry.binds == binds && entry.shape == shape)
            .map(|entry| Arc::clone(&entry.guarded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guarded(sql: &str) -> Arc<Guarded> {
        Arc::new(Guarded {
            sql: sql.to_owned(),
            ..Guarded::default()
        })
    }

    #[test]
    fn shapes_and_bind_counts_do_not_mix() {
        let cache = Cache::default();
        let narrowed = Shape {
            narrowed: true,
            ..Shape::default()
        };
        cache.keep("select 1", 0, Shape::default(), &guarded("whole"));
        cache.keep("select 1", 0, narrowed, &guarded("narrowed"));
        assert_eq!(
            cache.find("select 1", 0, Shape::default()).unwrap().sql,
            "whole"
        );
        assert_eq!(cache.find("select 1", 0, narrowed).unwrap().sql, "narrowed");
        assert_eq!(cache.find("select 1", 1, narrowed), None);
    }

    #[test]
    fn it_is_bounded_and_keeps_what_is_used() {
        let cache = Cache::default();
        let often = "select 'often'";
        cache.keep(often, 0, Shape::default(), &guarded(often));
        for n in 0..2_000 {
            let sql = format!("select '{}' -- {n}", "x".repeat(16 * 1024));
            cache.keep(&sql, 0, Shape::default(), &guarded(&sql));
            assert!(cache.find(often, 0, Shape::default()).is_some(), "{n}");
        }
        let generations = cache.generations.read().unwrap();
        assert!(generations.young.bytes + generations.old.bytes <= 2 * GENERATION);
        assert!(generations.young.entries.len() + generations.old.entries.len() < 1_100);
    }
}
