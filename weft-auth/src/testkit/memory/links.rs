use std::time::SystemTime;

use super::{LinkRow, Memory, Tables, browser_of, take_some};
use crate::clock;
use crate::link::{CodeDigest, Purpose, Record};
use crate::store::{Answer, LinkStore, Mail, SpentLink};
use crate::token::{Browser, Link, TokenDigest};

impl Tables {
    /// Whether a link could be used up, but for its browser.
    fn is_good(&self, record: &Record, purpose: Purpose, now: SystemTime) -> bool {
        let of_its_account = match record.account {
            Some(id) => {
                let account = self.accounts.get(&id);
                account.is_some_and(|account| record.mailbox.as_ref() == Some(&account.mailbox))
            }
            None => !purpose.needs_account(),
        };
        record.purpose == purpose
            && clock::age(record.issued_at, now).is_some()
            && now < record.expires_at
            && of_its_account
    }

    fn consume(
        &mut self,
        (purpose, now): (Purpose, SystemTime),
        fits: impl Fn(&LinkRow) -> bool,
    ) -> Option<SpentLink> {
        let good = |row: &LinkRow| fits(row) && self.is_good(&row.record, purpose, now);
        let place = self.links.iter().position(good)?;
        let record = self.links.swap_remove(place).record;
        let account = record
            .account
            .and_then(|id| self.accounts.get(&id))
            .cloned();
        Some(SpentLink { record, account })
    }
}

impl LinkStore for Memory {
    fn issue_link(
        &self,
        digest: &TokenDigest<Link>,
        record: &Record,
        mail: &Mail,
    ) -> impl Future<Output = Answer<(), Self>> + Send {
        self.step(|tables| {
            tables.links.push(LinkRow {
                digest: *digest,
                record: record.clone(),
                attempts: 0,
            });
            tables.outbox.push(mail.clone());
        })
    }

    fn find_link(
        &self,
        digest: &TokenDigest<Link>,
        purpose: Purpose,
        now: SystemTime,
    ) -> impl Future<Output = Answer<Option<Record>, Self>> + Send {
        self.step(|tables| {
            let mut rows = tables.links.iter();
            let row = rows.find(|row| row.digest == *digest)?;
            tables
                .is_good(&row.record, purpose, now)
                .then(|| row.record.clone())
        })
    }

    fn consume_link(
        &self,
        digest: &TokenDigest<Link>,
        purpose: Purpose,
        browser: Option<&TokenDigest<Browser>>,
        now: SystemTime,
    ) -> impl Future<Output = Answer<Option<SpentLink>, Self>> + Send {
        self.step(|tables| {
            tables.consume((purpose, now), |row| {
                let same = match browser_of(&row.record) {
                    Some(asked) => browser == Some(asked),
                    None => !purpose.is_bound(),
                };
                row.digest == *digest && same
            })
        })
    }

    fn count_code_attempt(
        &self,
        browser: &TokenDigest<Browser>,
        purpose: Purpose,
        most: u32,
        now: SystemTime,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let mut rows = std::mem::take(&mut tables.links);
            let mut counted = false;
            for row in &mut rows {
                let same = browser_of(&row.record) == Some(browser);
                if same && row.attempts <= most && tables.is_good(&row.record, purpose, now) {
                    row.attempts += 1;
                    counted |= row.attempts <= most;
                }
            }
            tables.links = rows;
            counted
        })
    }

    fn consume_link_by_code(
        &self,
        browser: &TokenDigest<Browser>,
        code: &CodeDigest,
        purpose: Purpose,
        most: u32,
        now: SystemTime,
    ) -> impl Future<Output = Answer<Option<SpentLink>, Self>> + Send {
        self.step(|tables| {
            tables.consume((purpose, now), |row| {
                row.record.browser == Some((*browser, *code)) && row.attempts <= most
            })
        })
    }

    fn purge_links(
        &self,
        now: SystemTime,
        most: u32,
    ) -> impl Future<Output = Answer<u64, Self>> + Send {
        self.step(|tables| {
            let over = |row: &LinkRow| row.record.expires_at <= now;
            take_some(&mut tables.links, most, over) as u64
        })
    }
}
