//! One shop's orders, as the file Shopify would export.

use crate::random::Random;
use crate::shops::{Country, Discount, EVERYWHERE, HOSTILE, Place, Product, Shop};
use chrono::{DateTime, FixedOffset};

/// The columns of Shopify's order export.
const HEADER: &str = "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,\
    Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,\
    Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,\
    Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,\
    Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,\
    Billing Company,Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,\
    Shipping Name,Shipping Street,Shipping Address1,Shipping Address2,Shipping Company,\
    Shipping City,Shipping Zip,Shipping Province,Shipping Country,Shipping Phone,Notes,\
    Note Attributes,Cancelled at,Payment Method,Payment Reference,Refunded Amount,Vendor,\
    Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,Lineitem discount,\
    Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,\
    Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,\
    Shipping Province Name,Payment ID,Payment Terms Name,Next Payment Due At,Payment References";

const ORDERS: i64 = 270;
const PEOPLE: usize = 150;
/// 2025-01-02 07:00 UTC.
const OPENING: i64 = 1_735_801_200;
const HOUR: i64 = 3600;

/// The whole file.
pub(crate) fn export(shop: &Shop) -> String {
    let mut random = Random::new(shop.seed);
    let people: Vec<Person> = (0..PEOPLE)
        .map(|index| Person::new(shop, index, &mut random))
        .collect();
    let mut created = OPENING;
    let mut id = shop.first_id;
    let orders: Vec<String> = (0..ORDERS)
        .map(|index| {
            created += random.between(600, 58 * HOUR);
            id += random.between(1, 40_000) * 32_768;
            // Few people order often, and most once.
            let person = random
                .between(0, PEOPLE as i64 - 1)
                .min(random.between(0, PEOPLE as i64 * 2));
            let person = &people[person as usize];
            Order {
                shop,
                number: 1001 + index,
                id,
                created,
                is_recent: index + 9 > ORDERS,
            }
            .write(person, &mut random)
        })
        .collect();
    let newest_first: String = orders.into_iter().rev().collect();
    format!("{HEADER}\n{newest_first}")
}

struct Person {
    name: String,
    email: String,
    phone: String,
    street: String,
    annex: String,
    country: &'static Country,
    place: &'static Place,
}

impl Person {
    fn new(shop: &Shop, index: usize, random: &mut Random) -> Self {
        let country: &'static Country = random.pick(shop.countries);
        let known = EVERYWHERE.iter().chain(HOSTILE).nth(index);
        let (name, email) = match known {
            Some((name, email)) => ((*name).to_owned(), (*email).to_owned()),
            None => named(country, index, random),
        };
        let phone = if random.percent(60) {
            country.phone
        } else {
            ""
        };
        let digit = |c| {
            if c == 'x' {
                char::from(b'0' + random.between(0, 9) as u8)
            } else {
                c
            }
        };
        let phone = phone.chars().map(digit).collect();
        let number = random.between(1, 140).to_string();
        let annex = if random.percent(25) {
            *random.pick(country.annexes)
        } else {
            ""
        };
        Self {
            name,
            email,
            phone,
            street: random.pick(country.streets).replace('#', &number),
            annex: annex.into(),
            country,
            place: random.pick(country.places),
        }
    }
}

fn named(country: &Country, index: usize, random: &mut Random) -> (String, String) {
    let (first, first_ascii) = random.pick(country.first_names);
    let (last, last_ascii) = random.pick(country.last_names);
    let domain = random.pick(&["com", "org", "net"]);
    let name = if country.family_name_first {
        format!("{last} {first}")
    } else {
        format!("{first} {last}")
    };
    (
        name,
        format!("{first_ascii}.{last_ascii}{index}@example.{domain}"),
    )
}

struct Order<'a> {
    shop: &'a Shop,
    number: i64,
    id: i64,
    created: i64,
    is_recent: bool,
}

struct Line {
    name: String,
    sku: String,
    price: i64,
    was: Option<i64>,
    quantity: i64,
}

/// What became of an order.
struct Outcome {
    financial: &'static str,
    fulfillment: &'static str,
    is_cancelled: bool,
}

impl Order<'_> {
    /// The rows of the order: its cells on the first, a line item on each.
    fn write(&self, person: &Person, random: &mut Random) -> String {
        let shop = self.shop;
        let lines = self.lines(random);
        let outcome = self.outcome(lines.len(), random);
        let at_till = random.percent(12) && (10..19).contains(&self.hour());

        let goods: i64 = lines.iter().map(|line| line.price * line.quantity).sum();
        let discount = random.percent(22).then(|| random.pick(shop.discounts));
        let discounted = discount.map_or(0, |Discount { percent, .. }| share(goods, percent * 100));
        let subtotal = goods - discounted;
        let method = if random.percent(82) { 0 } else { 1 };
        let is_free = at_till || (method == 0 && subtotal >= shop.free_shipping_from);
        let shipping = if is_free {
            0
        } else {
            shop.shipping[method].price
        };
        // Sales tax is due on goods, value added tax on shipping too.
        let taxed = if shop.currency == "USD" {
            subtotal
        } else {
            subtotal + shipping
        };
        let taxes = share(taxed, person.place.tax_rate);
        let total = subtotal + shipping + taxes;

        let paid = match outcome.financial {
            "paid" | "partially_refunded" | "refunded" => total,
            "partially_paid" => total / 2,
            _ => 0,
        };
        let refunded = match outcome.financial {
            "refunded" => total,
            "partially_refunded" => share(lines[0].price, 5000),
            _ => 0,
        };
        let owed = if outcome.is_cancelled {
            0
        } else {
            total - paid
        };
        let is_sent = matches!(outcome.fulfillment, "fulfilled" | "partial" | "restocked");
        let reference = format!("r{}.1", self.id / 7);

        let mut row = Row::new();
        row.set("Name", format!("#{}", self.number));
        // At a till some give their address and some do not.
        if !at_till || random.percent(40) {
            row.set("Email", &person.email);
        }
        row.set("Financial Status", outcome.financial);
        if paid > 0 {
            row.set("Paid at", self.time(self.created + random.between(0, 4)));
        }
        row.set("Fulfillment Status", outcome.fulfillment);
        if is_sent {
            row.set(
                "Fulfilled at",
                self.time(self.created + random.between(5 * HOUR, 120 * HOUR)),
            );
        }
        row.set(
            "Accepts Marketing",
            if random.percent(35) { "yes" } else { "no" },
        );
        row.set("Currency", shop.currency);
        row.set("Subtotal", self.amount(subtotal));
        row.set("Shipping", self.amount(shipping));
        row.set("Taxes", self.amount(taxes));
        row.set("Total", self.amount(total));
        row.set(
            "Discount Code",
            discount.map_or("", |discount| discount.code),
        );
        row.set("Discount Amount", self.amount(discounted));
        row.set(
            "Shipping Method",
            if at_till {
                ""
            } else {
                shop.shipping[method].name
            },
        );
        row.set("Created at", self.time(self.created));
        for kind in ["Billing", "Shipping"] {
            // What is bought at a till is carried home.
            if kind == "Billing" || !at_till {
                row.set_address(kind, person);
            }
        }
        if random.percent(14) {
            row.set("Notes", *random.pick(shop.notes));
        }
        if outcome.is_cancelled {
            row.set(
                "Cancelled at",
                self.time(self.created + random.between(HOUR, 30 * HOUR)),
            );
        }
        row.set(
            "Payment Method",
            if at_till {
                "Cash"
            } else {
                random.pick(shop.payments)
            },
        );
        row.set("Refunded Amount", self.amount(refunded));
        row.set("Outstanding Balance", self.amount(owed));
        if at_till {
            row.set("Employee", shop.clerk);
            row.set("Location", shop.till);
            row.set(
                "Receipt Number",
                format!("{}-{}", shop.currency, self.number),
            );
        } else {
            row.set("Payment Reference", &reference);
            row.set("Payment ID", &reference);
            row.set("Payment References", &reference);
        }
        row.set("Id", self.id.to_string());
        if random.percent(18) {
            row.set(
                "Tags",
                *random.pick(&[
                    "VIP",
                    "gift",
                    "wholesale, net 30",
                    "pre-order",
                    "VIP, gift, \"fragile\"",
                ]),
            );
        }
        row.set(
            "Risk Level",
            if random.percent(94) {
                "Low"
            } else {
                *random.pick(&["Medium", "High"])
            },
        );
        row.set("Source", if at_till { "pos" } else { "web" });
        if taxes > 0 {
            row.set("Tax 1 Name", person.place.tax);
            row.set("Tax 1 Value", self.amount(taxes));
        }
        row.set("Phone", &person.phone);

        let mut text = String::new();
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                row = Row::new();
                row.set("Name", format!("#{}", self.number));
            }
            let line_is_sent = is_sent && (outcome.fulfillment != "partial" || index == 0);
            row.set("Lineitem quantity", line.quantity.to_string());
            row.set("Lineitem name", &line.name);
            row.set("Lineitem price", self.amount(line.price));
            row.set(
                "Lineitem compare at price",
                line.was.map_or(String::new(), |was| self.amount(was)),
            );
            row.set("Lineitem sku", &line.sku);
            row.set("Lineitem requires shipping", "true");
            row.set("Lineitem taxable", "true");
            row.set(
                "Lineitem fulfillment status",
                if line_is_sent { "fulfilled" } else { "pending" },
            );
            row.set("Vendor", shop.vendor);
            row.set("Lineitem discount", self.amount(0));
            text.push_str(&row.to_line());
        }
        text
    }

    fn lines(&self, random: &mut Random) -> Vec<Line> {
        let count = [1, 1, 1, 2, 2, 3, 5][random.between(0, 6) as usize];
        (0..count)
            .map(|_| self.line(random.pick(self.shop.products), random))
            .collect()
    }

    fn line(&self, product: &Product, random: &mut Random) -> Line {
        let edition = self.shop.edition;
        let (name, price) = (product.names[edition], product.prices[edition]);
        let variants = product.variants[edition];
        let quantity = [1, 1, 1, 1, 2, 2, 3, 6][random.between(0, 7) as usize];
        let was = random.percent(8).then_some(share(price, 12_500));
        let (name, sku) = if variants.is_empty() {
            (name.to_owned(), product.sku.to_owned())
        } else {
            let variant = random.between(0, variants.len() as i64 - 1) as usize;
            (
                format!("{name} - {}", variants[variant]),
                format!("{}-{}", product.sku, variant + 1),
            )
        };
        Line {
            name,
            sku,
            price,
            was,
            quantity,
        }
    }

    fn outcome(&self, lines: usize, random: &mut Random) -> Outcome {
        let (financial, fulfillment, is_cancelled) = match random.between(1, 100) {
            1..=4 => ("refunded", "restocked", false),
            5..=6 => ("refunded", "unfulfilled", true),
            7..=10 => ("partially_refunded", "fulfilled", false),
            11..=13 => ("voided", "unfulfilled", true),
            14..=16 => ("pending", "unfulfilled", false),
            17..=18 => ("authorized", "", false),
            19 => ("partially_paid", "unfulfilled", false),
            20 => ("expired", "unfulfilled", false),
            21..=28 if lines > 1 => ("paid", "partial", false),
            _ if self.is_recent => ("paid", "unfulfilled", false),
            _ => ("paid", "fulfilled", false),
        };
        Outcome {
            financial,
            fulfillment,
            is_cancelled,
        }
    }

    fn amount(&self, units: i64) -> String {
        let scale = 10_i64.pow(self.shop.decimals);
        match self.shop.decimals {
            0 => units.to_string(),
            decimals => format!(
                "{}.{:0width$}",
                units / scale,
                units % scale,
                width = decimals as usize
            ),
        }
    }

    /// The hour of the day at which the order was placed.
    fn hour(&self) -> i64 {
        (self.created + self.offset(self.created)) / HOUR % 24
    }

    /// The shop's local time.
    fn time(&self, seconds: i64) -> String {
        let offset =
            FixedOffset::east_opt(self.offset(seconds) as i32).expect("hours within a day");
        let time = DateTime::from_timestamp(seconds, 0).expect("a time of the calendar");
        time.with_timezone(&offset)
            .format("%Y-%m-%d %H:%M:%S %z")
            .to_string()
    }

    fn offset(&self, seconds: i64) -> i64 {
        let offset = self.shop.offsets.iter().rfind(|(from, _)| *from <= seconds);
        offset.map_or(0, |(_, hours)| hours * HOUR)
    }
}

/// So many hundredths of a percent of an amount, half a unit rounded up.
fn share(amount: i64, hundredths: i64) -> i64 {
    (amount * hundredths + 5000) / 10_000
}

/// One row of the file.
struct Row(Vec<String>);

impl Row {
    fn new() -> Self {
        Self(HEADER.split(',').map(|_| String::new()).collect())
    }

    fn set(&mut self, column: &str, cell: impl Into<String>) {
        let index = HEADER.split(',').position(|header| header == column);
        self.0[index.expect("a column of the export")] = cell.into();
    }

    fn set_address(&mut self, kind: &str, person: &Person) {
        let street = match person.annex.as_str() {
            "" => person.street.clone(),
            annex => format!("{}, {annex}", person.street),
        };
        self.set(&format!("{kind} Name"), &person.name);
        self.set(&format!("{kind} Street"), street);
        self.set(&format!("{kind} Address1"), &person.street);
        self.set(&format!("{kind} Address2"), &person.annex);
        self.set(&format!("{kind} City"), person.place.city);
        // Shopify's way to keep Excel from dropping the zeros.
        self.set(&format!("{kind} Zip"), format!("'{}", person.place.zip));
        self.set(&format!("{kind} Province"), person.place.province);
        self.set(&format!("{kind} Country"), person.country.code);
        self.set(&format!("{kind} Phone"), &person.phone);
        self.set(&format!("{kind} Province Name"), person.place.province_name);
    }

    fn to_line(&self) -> String {
        let quoted = |cell: &String| match cell.contains([',', '"', '\r', '\n']) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => cell.clone(),
        };
        self.0.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n"
    }
}
