//! The promises of the reader: on files written here, whole and broken.

use super::*;
use chrono::{DateTime, FixedOffset, Utc};
use std::collections::HashSet;
use std::io::{self, Cursor, Read};
use uuid::Uuid;

const HEADER: &str = "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Currency,Subtotal,Shipping,\
                      Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,\
                      Lineitem name,Lineitem price,Lineitem sku,Billing Name,Notes,Cancelled at,Id,Tags,Phone";

const FIRST: &str = "#1001,ada@example.com,paid,2024-03-05 14:22:10 -0500,fulfilled,2024-03-06 09:00:00 -0500,USD,\
                     21.00,5.00,2.15,28.15,SPRING,4.00,\"Standard, tracked\",2024-03-05 14:22:08 -0500,2,\
                     \"Bowl, \"\"Kaze\"\" 5\"\"\",12.50,KC-1,Ada Lovelace,,,501,\"gift, vip\",'+14155550100";
const FURTHER: &str = "#1001,,,,,,,,,,,,,,,1,Spoon,0.00,,,,,,,";
const SECOND: &str = "#1002,grace@example.org,pending,,,,USD,7.00,0.00,0.00,7.00,,,,2024-03-07 00:00:00 +0000,1,Cup,\
                      7.00,,,,,502,,";

fn file(rows: &[&str]) -> String {
    let mut text = String::from(HEADER);
    for row in rows {
        text.push('\n');
        text.push_str(row);
    }
    text
}

fn read(text: impl AsRef<[u8]>) -> Result<Vec<Order>, RowError> {
    Orders::new(text.as_ref())?.collect()
}

fn refusal(text: impl AsRef<[u8]>) -> String {
    read(text).expect_err("the file is broken").to_string()
}

/// `SECOND` with the cell of `column` replaced.
fn second_with(column: &str, cell: &str) -> String {
    let index = HEADER
        .split(',')
        .position(|header| header == column)
        .unwrap();
    let mut cells: Vec<&str> = SECOND.split(',').collect();
    cells[index] = cell;
    cells.join(",")
}

fn time(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

#[test]
fn reads_an_order_and_its_line_items() {
    let orders = read(file(&[FIRST, FURTHER, SECOND])).unwrap();
    let expected = Order {
        id: 501,
        name: "#1001".into(),
        email: Some("ada@example.com".into()),
        customer_name: Some("Ada Lovelace".into()),
        phone: Some("+14155550100".into()),
        financial_status: FinancialStatus::Paid,
        fulfillment_status: FulfillmentStatus::Fulfilled,
        created_at: time("2024-03-05T19:22:08Z"),
        paid_at: Some(time("2024-03-05T19:22:10Z")),
        fulfilled_at: Some(time("2024-03-06T14:00:00Z")),
        cancelled_at: None,
        currency: Currency::new("USD").unwrap(),
        subtotal: 2100,
        shipping: 500,
        taxes: 215,
        total: 2815,
        refunded: 0,
        discount_code: Some("SPRING".into()),
        discount_amount: 400,
        shipping_method: Some("Standard, tracked".into()),
        notes: None,
        tags: vec!["gift".into(), "vip".into()],
        line_items: vec![
            LineItem {
                quantity: 2,
                name: "Bowl, \"Kaze\" 5\"".into(),
                price: 1250,
                sku: Some("KC-1".into()),
            },
            LineItem {
                quantity: 1,
                name: "Spoon".into(),
                price: 0,
                sku: None,
            },
        ],
    };
    assert_eq!(orders[0], expected);
    assert_eq!(orders[1].fulfillment_status, FulfillmentStatus::Unfulfilled);
    assert_eq!(orders.len(), 2);
}

#[test]
fn finds_columns_by_name_in_any_order_and_case() {
    let turned: String = file(&[FIRST, FURTHER, SECOND])
        .lines()
        .map(|line| {
            let mut cells = split(line);
            cells.reverse();
            cells.insert(3, "ignored".into());
            cells.join(",") + "\r\n"
        })
        .collect();
    let (header, rest) = turned.split_once("\r\n").unwrap();
    let turned = format!(
        "\u{feff}{}\r\n{rest}",
        header.to_uppercase().replace(",NAME", ", name ")
    );
    assert_eq!(
        read(turned).unwrap(),
        read(file(&[FIRST, FURTHER, SECOND])).unwrap()
    );
}

/// Cells as they stand, quotes included.
fn split(line: &str) -> Vec<String> {
    let mut quoted = false;
    line.split(|c: char| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
    .map(str::to_owned)
    .collect()
}

#[test]
fn names_the_column_that_the_header_lacks_or_repeats() {
    assert_eq!(refusal(""), "line 1: the file has no header");
    assert_eq!(refusal("\n\n"), "line 1: the file has no header");
    assert_eq!(
        refusal(HEADER.replace(",Total,", ",")),
        "line 1, column Total: missing from the header"
    );
    assert_eq!(
        refusal(format!("\n{}", HEADER.replace(",Id,", ","))),
        "line 2, column Id: missing from the header"
    );
    assert_eq!(
        refusal(HEADER.replace("Taxes", "TOTAL")),
        "line 1, column Total: twice in the header"
    );
    assert_eq!(
        refusal(HEADER.replace(',', ";")),
        "line 1, column Name: missing from the header"
    );
    assert_eq!(read(HEADER).unwrap(), []);
    assert_eq!(read(format!("{HEADER}\r\n\r\n")).unwrap(), []);
}

#[test]
fn takes_continuation_cells_that_are_empty_or_identical_and_no_others() {
    let same =
        "#1001,ada@example.com,paid,,,,,,,,,,,,2024-03-05 14:22:08 -0500,1,Spoon,0.00,,,,,501,,";
    assert_eq!(
        read(file(&[FIRST, same])).unwrap(),
        read(file(&[FIRST, FURTHER])).unwrap()
    );
    let other = "#1001,ada@example.com,,,,,,,,,28.16,,,,,1,Spoon,0.00,,,,,,,";
    assert_eq!(
        refusal(file(&[FIRST, FURTHER, other])),
        "line 4, column Total: differs from the order's first row on line 2"
    );
    let filled = "#1002,,,,,,,,,,,SPRING,,,,1,Spoon,0.00,,,,,,,";
    assert_eq!(
        refusal(file(&[SECOND, filled])),
        "line 3, column Discount Code: differs from the order's first row on line 2"
    );
}

#[test]
fn refuses_an_order_torn_apart() {
    assert_eq!(
        refusal(file(&[FURTHER, FIRST])),
        "line 2: a further line item without its order above it"
    );
    let orphan = FURTHER.replace("#1001", "#1003");
    assert_eq!(
        refusal(file(&[FIRST, &orphan])),
        "line 3: a further line item without its order above it"
    );
    assert_eq!(
        refusal(file(&[FIRST, SECOND, FURTHER])),
        "line 4, column Name: the order began on line 2 and ended before this row"
    );
    assert_eq!(
        refusal(file(&[FIRST, &FURTHER[5..]])),
        "line 3, column Name: must not be empty"
    );
}

#[test]
fn names_line_and_column_of_a_cell_it_cannot_read() {
    let long = "x".repeat(1025);
    for (column, cell, expected) in [
        ("Name", "", "must not be empty"),
        (
            "Name",
            "\"#10\n02\"",
            "holds a line break or another control character",
        ),
        ("Email", "secret", "not an email address"),
        ("Email", "@example.com", "not an email address"),
        ("Email", "secret@", "not an email address"),
        ("Email", "a b@example.com", "not an email address"),
        (
            "Email",
            "\"a@example.com\r\nBcc: x@example.com\"",
            "holds a line break or another control character",
        ),
        ("Financial Status", "", "must not be empty"),
        ("Financial Status", "Paid", "unknown status \"Paid\""),
        (
            "Financial Status",
            "\u{1b}[31mpaid",
            "unknown status \"\\u{1b}[31mpaid\"",
        ),
        (
            "Fulfillment Status",
            "shipped_by_a_very_slow_boat",
            "unknown status \"shipped_by_a_very_slow_b\"",
        ),
        (
            "Paid at",
            "2024-03-05",
            "not a time such as 2024-03-05 14:22:10 -0500",
        ),
        ("Created at", "", "must not be empty"),
        (
            "Created at",
            "-262000-03-05 14:22:10 -0500",
            "not a time such as 2024-03-05 14:22:10 -0500",
        ),
        (
            "Created at",
            "+12024-03-05 14:22:10 -0500",
            "not a time such as 2024-03-05 14:22:10 -0500",
        ),
        (
            "Created at",
            "2024-02-30 14:22:10 -0500",
            "not a time such as 2024-03-05 14:22:10 -0500",
        ),
        (
            "Created at",
            "2024-03-05 14:22:10",
            "not a time such as 2024-03-05 14:22:10 -0500",
        ),
        ("Currency", "", "must not be empty"),
        (
            "Currency",
            "usd",
            "not a currency code of three capital letters",
        ),
        ("Subtotal", "", "must not be empty"),
        ("Subtotal", "secret", "not an amount of money"),
        ("Shipping", "-1.00", "an amount below zero"),
        ("Taxes", "1.005", "more decimals than the currency has"),
        ("Total", "99999999999999999999", "the amount is too large"),
        ("Lineitem quantity", "", "must not be empty"),
        ("Lineitem quantity", "0", "not a positive whole number"),
        ("Lineitem quantity", "-1", "not a positive whole number"),
        ("Lineitem quantity", "1.5", "not a positive whole number"),
        (
            "Lineitem quantity",
            "2147483648",
            "not a positive whole number",
        ),
        ("Lineitem name", "", "must not be empty"),
        ("Lineitem name", long.as_str(), "the cell is too long"),
        ("Lineitem price", "free", "not an amount of money"),
        ("Id", "", "must not be empty"),
        ("Id", "x502", "not a positive whole number"),
        ("Id", "9223372036854775808", "not a positive whole number"),
    ] {
        let error = refusal(file(&[FIRST, FURTHER, &second_with(column, cell)]));
        assert_eq!(
            error,
            format!("line 4, column {column}: {expected}"),
            "{cell:?}"
        );
        assert!(!error.contains("secret"));
    }
}

#[test]
fn refuses_rows_that_are_not_rows() {
    let tail = SECOND.split_once(',').unwrap().1;
    for (row, expected) in [
        ("#1002,x".into(), "has 2 cells where the header has 25"),
        (format!("{SECOND},"), "has 26 cells where the header has 25"),
        (",".repeat(600), "too many cells"),
        (
            second_with("Notes", "\"never closed"),
            "a quote is opened and never closed",
        ),
        (
            second_with("Phone", "\""),
            "a quote is opened and never closed",
        ),
        (second_with("Notes", "a\0b"), "holds a NUL byte"),
        (
            second_with("Notes", &"n".repeat((1 << 16) + 1)),
            "the cell is too long",
        ),
        (
            second_with("Notes", &"n".repeat(2 << 20)),
            "the row is too long",
        ),
        (
            format!("\"{}\",{tail}", "\n".repeat(2 << 20)),
            "the row is too long",
        ),
    ] {
        assert_eq!(refusal(file(&[FIRST, &row])), format!("line 3: {expected}"));
    }
    for (from, to) in [
        ("Cup", &b"C\xffp"[..]),
        ("#1002,grace", &b"#1002\xc3,\xa9race"[..]),
    ] {
        let (before, after) = SECOND.split_once(from).unwrap();
        let row = [
            format!("{HEADER}\n{before}").as_bytes(),
            to,
            after.as_bytes(),
        ]
        .concat();
        assert_eq!(refusal(row), "line 2: not utf-8");
    }
    let many: Vec<&str> = std::iter::once(FIRST)
        .chain(std::iter::repeat_n(FURTHER, 1000))
        .collect();
    assert_eq!(
        refusal(file(&many)),
        "line 1002: the order has too many line items"
    );
    assert_eq!(read(file(&many[..1000])).unwrap()[0].line_items.len(), 1000);
}

#[test]
fn counts_physical_lines_past_blank_lines_and_line_ends_of_every_kind() {
    let noted = second_with("Notes", "\"one\ntwo\n\nfour\"");
    let broken = second_with("Total", "x").replace("#1002", "#1003");
    let text = format!("\n{HEADER}\n\n\n{FIRST}\n{FURTHER}\n{noted}\n\n{broken}\n");
    // 1 blank, 2 header, 5 and 6 the first order, 7 to 10 the second, 12 the broken one.
    for text in [
        text.clone(),
        text.replace('\n', "\r\n"),
        text.replace('\n', "\r"),
    ] {
        assert_eq!(
            refusal(&text),
            "line 12, column Total: not an amount of money"
        );
        let byte_by_byte = Orders::new(Trickle {
            input: text.as_bytes(),
            most: 1,
        })
        .unwrap();
        assert_eq!(byte_by_byte.last().unwrap().unwrap_err().line, 12);
    }
}

#[test]
fn ends_at_the_first_error() {
    let text = file(&[FIRST, SECOND, "#1003", SECOND]);
    let mut orders = Orders::new(text.as_bytes()).unwrap();
    assert_eq!(orders.next().unwrap().unwrap().name, "#1001");
    assert_eq!(orders.next().unwrap().unwrap_err().line, 4);
    assert!(orders.next().is_none());
}

#[test]
fn passes_on_the_cause_of_a_failed_read() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let text = file(&[FIRST, ""]);
    let error = Orders::new(text.as_bytes().chain(Broken))
        .unwrap()
        .next()
        .unwrap()
        .unwrap_err();
    assert_eq!(error.to_string(), "line 3: the file could not be read");
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "the disk is gone"
    );
}

#[test]
fn errors_show_no_personal_data() {
    let text = file(&[&FIRST.replace("28.15", "x")]);
    let error = read(text).unwrap_err();
    for shown in [error.to_string(), format!("{error:?}")] {
        assert!(
            !shown.contains("ada") && !shown.contains("Lovelace") && !shown.contains("1001"),
            "{shown}"
        );
    }
}

#[test]
fn lays_a_batch_out_in_columns_with_each_customer_once() {
    let later = second_with("Email", "ADA@example.com");
    let earlier = FIRST.replace("ada@", "Ada@");
    let anonymous = second_with("Email", "")
        .replace("#1002", "#1003")
        .replace("502", "503");
    let orders = read(file(&[&later, &earlier, FURTHER, &anonymous])).unwrap();
    let mut ids = (1..).map(Uuid::from_u128);
    let columns = Columns::new(&orders, || ids.next().unwrap());

    assert_eq!(columns.customers.email, ["ada@example.com"]);
    assert_eq!(
        columns.customers.name,
        [Some("Ada Lovelace".to_owned())],
        "the later order has no name"
    );
    let ada = Some("ada@example.com".to_owned());
    assert_eq!(columns.orders.customer_email, [ada.clone(), ada, None]);
    assert_eq!(columns.orders.name, ["#1002", "#1001", "#1003"]);
    assert_eq!(columns.orders.tags, ["", "gift, vip", ""]);
    let [_, first, _] = columns.orders.id[..] else {
        panic!("three orders")
    };
    assert_eq!(columns.lines.order_id[1..3], [first, first]);
    assert_eq!(columns.lines.position, [1, 1, 2, 1]);
    let all: HashSet<Uuid> = [&columns.customers.id, &columns.orders.id, &columns.lines.id]
        .into_iter()
        .flatten()
        .copied()
        .collect();
    assert_eq!(all.len(), 1 + 3 + 4);
}

#[test]
fn streams_a_hundred_thousand_orders() {
    struct Endless {
        next: u32,
        rows: Cursor<Vec<u8>>,
        given: std::rc::Rc<std::cell::Cell<u64>>,
    }
    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.rows.position() == self.rows.get_ref().len() as u64 && self.next < 100_000 {
                self.next += 1;
                let row = SECOND.replace("#1002", &format!("#{}", self.next));
                self.rows = Cursor::new(format!("{row}\n").into_bytes());
            }
            let read = self.rows.read(buffer)?;
            self.given.set(self.given.get() + read as u64);
            Ok(read)
        }
    }
    let given = std::rc::Rc::new(std::cell::Cell::new(0));
    let header = format!("{HEADER}\n").into_bytes();
    let source = Endless {
        next: 0,
        rows: Cursor::new(header),
        given: given.clone(),
    };
    let mut orders = Orders::new(source).unwrap();
    let mut count = 0;
    while let Some(order) = orders.next() {
        order.unwrap();
        count += 1;
        let ahead = given.get() - orders.bytes_read();
        assert!(
            ahead <= 1 << 16,
            "{ahead} bytes are held after {count} orders"
        );
    }
    assert_eq!((count, orders.bytes_read()), (100_000, given.get()));
}

/// Hands out at most `most` bytes at a time.
struct Trickle<'a> {
    input: &'a [u8],
    most: usize,
}

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.most);
        self.input.read(&mut buffer[..most])
    }
}

/// Orders that no shop would have but every export could.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    fn text(&mut self, letters: &[&str]) -> String {
        (0..=self.below(8)).map(|_| self.pick(letters)).collect()
    }

    fn label(&mut self) -> String {
        self.text(&[
            "a",
            "B",
            ",",
            "\"",
            "'",
            " ",
            "é",
            "日本",
            ";",
            "=1+1",
            "\u{1f9f6}",
            "\\",
            "<b>",
        ])
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(2) == 0).then(|| make(self))
    }

    fn amount(&mut self) -> i64 {
        let digits = self.below(18) as u32;
        self.below(10_u64.pow(digits)) as i64
    }

    fn time(&mut self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.below(4_000_000_000) as i64, 0).unwrap()
    }

    fn order(&mut self, number: usize) -> Order {
        Order {
            id: 1 + self.below(i64::MAX as u64) as i64,
            name: format!("{}{number}", self.pick(&["#", "EU-", "注文 "])),
            email: self.maybe(|random| random.text(&["a", "ö", "+", "."]) + "@example.com"),
            customer_name: self.maybe(Self::label),
            phone: self.maybe(|random| format!("+{}", random.amount())),
            financial_status: self.pick(&FinancialStatus::ALL),
            fulfillment_status: self.pick(&FulfillmentStatus::ALL),
            created_at: self.time(),
            paid_at: self.maybe(Self::time),
            fulfilled_at: self.maybe(Self::time),
            cancelled_at: self.maybe(Self::time),
            currency: Currency::new(self.pick(&["EUR", "JPY", "KWD", "CLF", "XXX"])).unwrap(),
            subtotal: self.amount(),
            shipping: self.amount(),
            taxes: self.amount(),
            total: self.amount(),
            refunded: self.amount(),
            discount_code: self.maybe(Self::label),
            discount_amount: self.amount(),
            shipping_method: self.maybe(Self::label),
            notes: self
                .maybe(|random| random.text(&["\n", "\r\n", "\r", "\"", ",", "x", "ß", "\t"])),
            tags: (0..self.below(4))
                .map(|_| self.text(&["a", "é", "\"", "-"]))
                .collect(),
            line_items: (0..=self.below(3))
                .map(|_| LineItem {
                    quantity: 1 + self.below(i32::MAX as u64) as i32,
                    name: self.label(),
                    price: self.amount(),
                    sku: self.maybe(Self::label),
                })
                .collect(),
        }
    }

    fn decimal(&mut self, units: i64, currency: Currency) -> String {
        let decimals = currency.decimals();
        let digits = format!("{units:0>width$}", width = decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        let zeros = self.pick(&["", "", "0", "000"]);
        match fraction {
            "" if zeros.is_empty() => whole.to_owned(),
            _ => format!("{whole}.{fraction}{zeros}"),
        }
    }

    fn moment(&mut self, time: DateTime<Utc>) -> String {
        let minutes = self.below(27 * 60) as i32 - 12 * 60;
        let offset = FixedOffset::east_opt(minutes * 60).unwrap();
        time.with_timezone(&offset)
            .format("%Y-%m-%d %H:%M:%S %z")
            .to_string()
    }

    fn cell(&mut self, cell: &str) -> String {
        if cell.contains(['"', ',', '\r', '\n']) || self.below(4) == 0 {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.to_owned()
        }
    }

    /// The file an export of `orders` could be, with its columns shuffled.
    fn export(&mut self, orders: &[Order]) -> String {
        let headers: Vec<&str> = HEADER
            .split(',')
            .chain(["Vendor", "Refunded Amount"])
            .collect();
        let mut places: Vec<usize> = (0..headers.len()).collect();
        for index in (1..places.len()).rev() {
            places.swap(index, self.below(index as u64 + 1) as usize);
        }
        let end = self.pick(&["\n", "\r\n", "\r\n\r\n", "\r"]);
        let mut text = String::from(self.pick(&["", "\u{feff}"]));
        let mut write = |random: &mut Self, cells: &[String]| {
            let row: Vec<String> = places
                .iter()
                .map(|&place| random.cell(&cells[place]))
                .collect();
            text.push_str(&row.join(","));
            text.push_str(end);
        };
        write(
            self,
            &headers
                .iter()
                .map(|&header| header.to_owned())
                .collect::<Vec<_>>(),
        );
        for order in orders {
            for (index, line) in order.line_items.iter().enumerate() {
                let row: Vec<String> = headers
                    .iter()
                    .map(|header| self.value(order, line, index == 0, header))
                    .collect();
                write(self, &row);
            }
        }
        text
    }

    fn value(&mut self, order: &Order, line: &LineItem, first: bool, header: &str) -> String {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let currency = order.currency;
        match header {
            "Name" => order.name.clone(),
            "Lineitem quantity" => line.quantity.to_string(),
            "Lineitem name" => line.name.clone(),
            "Lineitem price" => self.decimal(line.price, currency),
            "Lineitem sku" => text(&line.sku),
            "Vendor" => self.label(),
            _ if !first => String::new(),
            "Email" => text(&order.email),
            "Financial Status" => order.financial_status.as_str().into(),
            "Fulfillment Status" => order.fulfillment_status.as_str().into(),
            "Paid at" => order
                .paid_at
                .map(|time| self.moment(time))
                .unwrap_or_default(),
            "Fulfilled at" => order
                .fulfilled_at
                .map(|time| self.moment(time))
                .unwrap_or_default(),
            "Cancelled at" => order
                .cancelled_at
                .map(|time| self.moment(time))
                .unwrap_or_default(),
            "Created at" => self.moment(order.created_at),
            "Currency" => currency.to_string(),
            "Subtotal" => self.decimal(order.subtotal, currency),
            "Shipping" => self.decimal(order.shipping, currency),
            "Taxes" => self.decimal(order.taxes, currency),
            "Total" => self.decimal(order.total, currency),
            "Refunded Amount" => self.decimal(order.refunded, currency),
            "Discount Amount" => self.decimal(order.discount_amount, currency),
            "Discount Code" => text(&order.discount_code),
            "Shipping Method" => text(&order.shipping_method),
            "Billing Name" => text(&order.customer_name),
            "Notes" => text(&order.notes),
            "Id" => order.id.to_string(),
            "Tags" => order.tags.join(", "),
            "Phone" => text(&order.phone),
            _ => unreachable!("{header}"),
        }
    }
}

#[test]
fn reads_back_whatever_was_exported() {
    for seed in 0..400 {
        let mut random = Random(seed);
        let orders: Vec<Order> = (0..random.below(12) as usize)
            .map(|number| random.order(number))
            .collect();
        let text = random.export(&orders);
        let source = Trickle {
            input: text.as_bytes(),
            most: 1 + random.below(5000) as usize,
        };
        let read: Result<Vec<Order>, RowError> = Orders::new(source).and_then(Iterator::collect);
        assert_eq!(
            read.unwrap_or_else(|error| panic!("seed {seed}: {error}")),
            orders,
            "seed {seed}"
        );

        let columns = Columns::new(&orders, Uuid::nil);
        let emails: HashSet<&String> = columns.customers.email.iter().collect();
        assert_eq!(emails.len(), columns.customers.id.len(), "seed {seed}");
        assert_eq!(columns.orders.id.len(), orders.len(), "seed {seed}");
        let lines: usize = orders.iter().map(|order| order.line_items.len()).sum();
        assert_eq!(columns.lines.id.len(), lines, "seed {seed}");
    }
}

#[test]
fn refuses_or_reads_a_damaged_export_and_never_panics() {
    for seed in 0..1000 {
        let mut random = Random(seed);
        let orders: Vec<Order> = (0..3).map(|number| random.order(number)).collect();
        let mut bytes = random.export(&orders).into_bytes();
        let lines = bytes
            .iter()
            .filter(|byte| matches!(byte, b'\r' | b'\n'))
            .count() as u64
            + 2;
        for _ in 0..=random.below(3) {
            let at = random.below(bytes.len() as u64) as usize;
            match random.below(3) {
                0 => bytes[at] = random.pick(b"\",\n\r\0x9\xff"),
                1 => drop(bytes.remove(at)),
                _ => bytes.truncate(at + 1),
            }
        }
        if let Err(error) = read(&bytes) {
            assert!(
                (1..=lines + 3).contains(&error.line),
                "seed {seed}: {error}"
            );
        }
    }
}
