//! INSERT: rows and queries, with keys that no hidden row has, and what happens where a key is met.

use super::super::schema::{A, Class, Table, Type};
use super::{Bind, Column, Generator, Item, Level};

impl Generator {
    pub(super) fn insertable(&self, table: &Table) -> bool {
        table.class == Class::Org || !self.shape.writable().is_empty()
    }

    pub(super) fn insert(&mut self, table: &'static Table) -> (String, Option<Vec<Column>>) {
        let (spelled, item) = self.named_target(table);
        let shop = match self.shape.writable() {
            [] => 1,
            shops => self.random.pick(shops),
        };
        // Left out, the shop is the scope's only one, or in the whole organisation the default.
        let given_shop = table.class == Class::Shop && !self.random.once_in(3);
        let shop = match (given_shop, self.shape.shops) {
            (false, None) => 1,
            (false, Some(shops)) => shops.first().copied().unwrap_or(1),
            (true, _) => shop,
        };
        let given_org = self.random.once_in(4);
        let mut columns = vec!["id"];
        columns.extend(given_org.then_some("org_id"));
        columns.extend(given_shop.then_some("shop_id"));
        for (column, _) in table.columns.iter().filter(|(name, _)| !table.is_key(name)) {
            if *column == "name" || self.random.once_in(2) {
                columns.push(column);
            }
        }
        let base = if table.class == Class::Shop {
            shop * 100
        } else {
            0
        };
        let (source, from_query) = match self.random.below(3) {
            0 if table.name != "customers" => (self.source(table, &columns, base, shop), true),
            _ => (self.rows(table, &columns, base, shop), false),
        };
        self.uses(if from_query {
            "INSERT … SELECT"
        } else {
            "INSERT … VALUES"
        });
        let conflict = self.conflict(table, &item);
        let (returning, returned) = self.returning(&item);
        let columns = columns.join(", ");
        (
            format!("INSERT INTO {spelled} ({columns}) {source}{conflict}{returning}"),
            returned,
        )
    }

    fn rows(
        &mut self,
        table: &'static Table,
        columns: &[&'static str],
        base: i64,
        shop: i64,
    ) -> String {
        let rows: Vec<String> = (0..=self.random.below(3))
            .map(|_| {
                let cells: Vec<_> = columns
                    .iter()
                    .map(|column| match *column {
                        "id" => {
                            let id = base + 1 + self.random.below(8) as i64;
                            self.number(id)
                        }
                        "name" | "org_id" | "shop_id" => self.cell(table, column, shop),
                        _ if self.random.once_in(6) => "DEFAULT".to_owned(),
                        _ => self.cell(table, column, shop),
                    })
                    .collect();
                format!("({})", cells.join(", "))
            })
            .collect();
        format!("VALUES {}", rows.join(", "))
    }

    /// Rows of a query: one for each id, whatever the order.
    fn source(
        &mut self,
        table: &'static Table,
        columns: &[&'static str],
        base: i64,
        shop: i64,
    ) -> String {
        let known = self.ctes.len();
        let with = self.with();
        let read = self.target();
        let item = Item::table("s", read);
        let (filter, most) = self.within(Level::of(item), |this| {
            (this.filter(), this.local(Type::Int))
        });
        let group = format!(
            "(SELECT s.id % 100 AS k, max({most}) AS m FROM {} AS s{filter} GROUP BY 1) AS x",
            self.spelled(read)
        );
        let columns_of_x = [Column::new("k", Type::Int), Column::new("m", Type::Int)];
        let item = Item::of("x", &columns_of_x);
        let cells = self.within(Level::of(item), |this| {
            this.arm_cells(table, columns, &format!("{base} + x.k"), shop)
        });
        let mut arms = format!("SELECT {cells} FROM {group}");
        if self.random.once_in(3) {
            self.uses("INSERT of a set operation");
            // The groups of A's rows end below.
            let id = (base + 5 + self.random.below(4) as i64).to_string();
            let cells = self.arm_cells(table, columns, &id, shop);
            let union = self.random.pick(&["UNION ALL", "UNION", "EXCEPT"]);
            arms = match self.random.below(3) {
                0 => format!("{arms} {union} VALUES ({cells})"),
                1 => format!("({arms}) {union} (SELECT {cells})"),
                _ => format!("{arms} {union} SELECT {cells}"),
            };
        }
        self.ctes.truncate(known);
        match self.random.once_in(4) {
            true => format!("({with}{arms})"),
            false => format!("{with}{arms}"),
        }
    }

    /// The cells of one arm of a source, each of its column's type by itself.
    fn arm_cells(
        &mut self,
        table: &'static Table,
        columns: &[&'static str],
        id: &str,
        shop: i64,
    ) -> String {
        let cells: Vec<_> = columns
            .iter()
            .map(|column| match *column {
                "id" => id.to_owned(),
                "org_id" => match self.random.once_in(2) {
                    true => self.bind(Bind::Uuid(A)),
                    false => format!("'{A}'::uuid"),
                },
                column => self.cell(table, column, shop),
            })
            .collect();
        cells.join(", ")
    }

    fn cell(&mut self, table: &'static Table, column: &'static str, shop: i64) -> String {
        match column {
            "org_id" => match self.random.below(3) {
                0 => self.bind(Bind::Uuid(A)),
                1 => format!("'{A}'::uuid"),
                _ => format!("'{A}'"),
            },
            "shop_id" => self.number(shop),
            column => self.new_value(table, column),
        }
    }

    fn conflict(&mut self, table: &'static Table, target: &Item) -> String {
        let action = match self.random.below(6) {
            0 => " ON CONFLICT DO NOTHING".to_owned(),
            1 => " ON CONFLICT (org_id, id) DO NOTHING".to_owned(),
            2 => " ON CONFLICT (org_id, id)".to_owned(),
            3 => format!(" ON CONFLICT ON CONSTRAINT {}_pkey", table.name),
            _ => return String::new(),
        };
        if action.ends_with("NOTHING") {
            self.uses("DO NOTHING");
            return action;
        }
        self.uses("DO UPDATE");
        let mut level = Level::of(target.clone());
        level.items.push(Item {
            table: None,
            ..Item::table("excluded", table)
        });
        let (mut set, filter) = self.within(level, |this| (this.assignments(table), this.filter()));
        if self.random.once_in(6) {
            set += ", org_id = excluded.org_id";
        }
        format!("{action} DO UPDATE SET {set}{filter}")
    }
}
