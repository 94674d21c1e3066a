//! INSERT, UPDATE and DELETE, such that Postgres leaves nothing of their result open: where several
//! rows could meet one target, no column of theirs is used.

use super::super::schema::{Class, TABLES, Table, Type, WRITABLE};
use super::select::numbered;
use super::{Bind, Column, Cte, Generator, Item, Level};

impl Generator {
    /// A write, and whether it returns rows.
    pub(super) fn write(&mut self) -> (String, bool) {
        if self.random.once_in(6) {
            return (self.write_in_with(), true);
        }
        let with = self.with();
        let target = self.target();
        let (sql, returned) = self.write_to(target);
        (format!("{with}{sql}"), returned.is_some())
    }

    fn write_to(&mut self, table: &'static Table) -> (String, Option<Vec<Column>>) {
        match self.random.below(10) {
            0..=4 if self.insertable(table) => self.insert(table),
            5 | 6 => self.delete(table),
            _ => self.update(table),
        }
    }

    /// A data-modifying CTE, and a query that sees what it returns and the tables as they were.
    fn write_in_with(&mut self) -> String {
        self.uses("data-modifying CTE");
        let table = self.target();
        self.must_return = true;
        let (write, returned) = self.write_to(table);
        let name = self.random.pick(&["w", "orders", "customers"]);
        self.ctes.push(Cte {
            name: name.to_owned(),
            columns: returned.unwrap_or_default(),
        });
        let second = match self.random.once_in(4) {
            true => format!(", {}", self.plain_cte("v")),
            false => String::new(),
        };
        let query = match table.name != "notes" && self.random.once_in(4) {
            true => {
                self.uses("INSERT from a data-modifying CTE");
                format!(
                    "INSERT INTO notes (id, body) SELECT 8, 'n' || count(*) FROM {name} RETURNING id, body"
                )
            }
            false => self.bare_query().sql,
        };
        self.ctes.clear();
        format!("WITH {name} AS ({write}){second} {query}")
    }

    pub(super) fn target(&mut self) -> &'static Table {
        WRITABLE[self.random.below(WRITABLE.len())]
    }

    /// The target as written, and as an item in sight.
    pub(super) fn named_target(&mut self, table: &'static Table) -> (String, Item) {
        // A CTE never shadows the target of a write.
        let spelled = match self.random.below(4) {
            0 => format!("{}.{}", table.schema, table.name),
            _ => table.name.to_owned(),
        };
        if self.random.once_in(3) && self.plain.insert(table.name) {
            return (spelled, Item::table(table.name, table));
        }
        let alias = self.alias();
        (format!("{spelled} AS {alias}"), Item::table(&alias, table))
    }

    pub(super) fn number(&mut self, number: i64) -> String {
        match self.random.once_in(4) {
            true => self.bind(Bind::Int(number)),
            false => number.to_string(),
        }
    }

    /// What a column may become.
    pub(super) fn new_value(&mut self, table: &'static Table, column: &str) -> String {
        let of = table.columns.iter().find(|(name, _)| *name == column);
        let of = of.map_or(Type::Other, |(_, of)| *of);
        match column {
            // Most customers refer to one that exists.
            "referred_by" if !self.random.once_in(4) => {
                self.random.pick(&["NULL", "1", "2"]).to_owned()
            }
            _ if table.nullable.contains(&column) && self.random.once_in(3) => format!(
                "NULL::{}",
                match of {
                    Type::Int => "bigint",
                    Type::Time => "timestamptz",
                    _ => "text",
                }
            ),
            _ => self.given(of),
        }
    }

    /// `a = …, b = …`, with what is in sight.
    pub(super) fn assignments(&mut self, table: &'static Table) -> String {
        let mut columns: Vec<_> = table.columns.iter().map(|(name, _)| *name).collect();
        columns.retain(|column| !table.is_key(column));
        let first = self.random.below(columns.len());
        let columns = &columns[first..(first + 1 + self.random.below(2)).min(columns.len())];
        let mut values: Vec<_> = columns
            .iter()
            .map(|column| match self.random.below(10) {
                0 => "DEFAULT".to_owned(),
                _ => self.new_value(table, column),
            })
            .collect();
        for (column, value) in columns.iter().zip(&mut values) {
            // No default, and no NULL.
            if *column == "name" && *value == "DEFAULT" {
                "'gus'".clone_into(value);
            }
        }
        let (columns, values) = (columns.join(", "), values.join(", "));
        let computed = !values.contains("DEFAULT") && self.random.once_in(3);
        let mut set = match columns.contains(',') {
            true if computed => {
                self.uses("SET of a subquery");
                format!("({columns}) = (SELECT {values})")
            }
            true => format!("({columns}) = ({values})"),
            false => format!("{columns} = {values}"),
        };
        let shops = self.shape.writable();
        if table.class == Class::Shop && !shops.is_empty() && self.random.once_in(6) {
            self.uses("SET of the shop");
            let shop = self.random.pick(shops);
            set += &format!(", shop_id = {}", self.number(shop));
        }
        set
    }

    fn update(&mut self, table: &'static Table) -> (String, Option<Vec<Column>>) {
        if self.random.once_in(10) {
            return self.update_of_the_root();
        }
        let (spelled, item) = self.named_target(table);
        let alone = Level::of(item.clone());
        let (set, from, filter) = match self.random.below(4) {
            0 | 1 => {
                let (set, filter) =
                    self.within(alone, |this| (this.assignments(table), this.filter()));
                (set, String::new(), filter)
            }
            2 => {
                self.uses("UPDATE … FROM one row each");
                let (from, source) = self.keyed_source();
                let key = self.within(alone.clone(), |this| this.local(Type::Int));
                let mut both = alone;
                both.items.push(source);
                let (set, condition) =
                    self.within(both, |this| (this.assignments(table), this.condition()));
                (
                    set,
                    format!(" FROM {from}"),
                    format!(" WHERE s.id = {key} AND ({condition})"),
                )
            }
            _ => {
                self.uses("UPDATE … FROM");
                let from = self.from();
                let set = self.within(alone, |this| this.assignments(table));
                let mut both = Level::of(item.clone());
                both.items.extend(from.items);
                let filter = self.within(both, |this| format!(" WHERE {}", this.condition()));
                (set, format!(" FROM {}", from.sql), filter)
            }
        };
        self.uses("UPDATE");
        let (returning, returned) = self.returning(&item);
        (
            format!("UPDATE {spelled} SET {set}{from}{filter}{returning}"),
            returned,
        )
    }

    /// A source `s` whose id is unique.
    fn keyed_source(&mut self) -> (String, Item) {
        let read = WRITABLE[self.random.below(WRITABLE.len())];
        let spelled = self.spelled(read);
        let mut item = Item::table("s", read);
        item.table = None;
        match self.random.below(3) {
            0 => (format!("{spelled} AS s"), item),
            1 => {
                let other = self.spelled(&TABLES[4]);
                (
                    format!("{spelled} AS s LEFT JOIN {other} AS u ON u.id = s.id"),
                    item,
                )
            }
            _ => {
                let filter = self.within(Level::of(Item::table("t", read)), Generator::filter);
                let columns = vec![Column::new("id", Type::Int), Column::new("n", Type::Int)];
                item.columns = columns;
                (
                    format!(
                        "(SELECT t.id % 5 AS id, count(*) AS n FROM {spelled} AS t{filter} GROUP BY 1) AS s"
                    ),
                    item,
                )
            }
        }
    }

    fn update_of_the_root(&mut self) -> (String, Option<Vec<Column>>) {
        let table = &TABLES[5];
        self.uses("UPDATE of the root");
        let (spelled, item) = self.named_target(table);
        let (set, filter) = self.within(Level::of(item.clone()), |this| {
            (format!("plan = {}", this.given(Type::Text)), this.filter())
        });
        let (returning, returned) = self.returning(&item);
        (
            format!("UPDATE {spelled} SET {set}{filter}{returning}"),
            returned,
        )
    }

    fn delete(&mut self, table: &'static Table) -> (String, Option<Vec<Column>>) {
        self.uses("DELETE");
        let (spelled, item) = self.named_target(table);
        let mut level = Level::of(item.clone());
        let using = match self.random.once_in(3) {
            true => {
                self.uses("DELETE … USING");
                let from = self.from();
                level.items.extend(from.items);
                format!(" USING {}", from.sql)
            }
            false => String::new(),
        };
        let filter = self.within(level, Generator::filter);
        let (returning, returned) = self.returning(&item);
        (
            format!("DELETE FROM {spelled}{using}{filter}{returning}"),
            returned,
        )
    }

    /// RETURNING of the target alone.
    pub(super) fn returning(&mut self, target: &Item) -> (String, Option<Vec<Column>>) {
        let (list, columns) = match self.random.below(6) {
            0 | 1 if !self.must_return => return (String::new(), None),
            2 => (format!("{}.*", target.name), target.columns.clone()),
            3 => {
                self.uses("whole row in RETURNING");
                (
                    format!("{} AS c1", target.name),
                    vec![Column::new("c1", Type::Other)],
                )
            }
            _ => {
                let types = [self.some_type(), Type::Int];
                let list = self.within(Level::of(target.clone()), |this| this.targets(&types));
                (list, numbered(&types))
            }
        };
        self.uses("RETURNING");
        (format!(" RETURNING {list}"), Some(columns))
    }
}
