use super::Memory;
use crate::store::{Answer, Mail, OutboxStore};

impl OutboxStore for Memory {
    fn post(&self, mail: &Mail) -> impl Future<Output = Answer<(), Self>> + Send {
        self.step(|tables| tables.outbox.push(mail.clone()))
    }
}
