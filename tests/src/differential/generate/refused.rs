//! Statements that no layer may let through.

use super::super::schema::B;
use super::{Bind, Generator};

impl Generator {
    /// A statement that the guard refuses and that the policies or the role's rights stop as well.
    pub(super) fn forbidden(&mut self) -> String {
        self.uses("forbidden");
        let alias = self.alias();
        match self.random.below(9) {
            0 => format!("SELECT {alias}.email FROM users AS {alias}"),
            1 => format!(
                "SELECT 1 FROM customers AS {alias} LEFT JOIN users ON users.id = {alias}.id"
            ),
            2 => format!("SELECT (SELECT count(*) FROM public.users) FROM orders AS {alias}"),
            3 => format!("INSERT INTO customers (org_id, id, name) VALUES ('{B}', 8, 'gus')"),
            4 => {
                let org = self.bind(Bind::Uuid(B));
                format!("INSERT INTO notes (id, org_id) VALUES (7, {org})")
            }
            5 => format!("UPDATE customers SET org_id = '{B}'"),
            6 => "UPDATE plans SET price = 0".to_owned(),
            7 => format!("INSERT INTO organizations (id, name, plan) VALUES ('{B}', 'x', 'x')"),
            _ => {
                let outside = (1..=3).find(|shop| !self.shape.writable().contains(shop));
                match outside {
                    Some(shop) => {
                        format!("INSERT INTO items (id, shop_id) VALUES ({shop}08, {shop})")
                    }
                    None => "DELETE FROM plans".to_owned(),
                }
            }
        }
    }
}
