//! Writes the order exports of the demo's four shops to `demo/`.
//!
//! The files are the same on every run, so that a test can tell whether they were edited by hand:
//! `cargo run -p weft-server --example generate_orders`.

mod orders;
mod random;
mod shops;

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
    fs::create_dir_all(&folder)?;
    for shop in shops::SHOPS {
        fs::write(folder.join(shop.file), orders::export(shop))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use weft_server::shopify::{Order, Orders};

    fn shipped() -> Vec<(&'static shops::Shop, Vec<Order>)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
        let read = |shop: &'static shops::Shop| {
            let text = fs::read_to_string(folder.join(shop.file)).unwrap();
            assert!(
                text == orders::export(shop),
                "{} is not what the generator writes: run it again",
                shop.file
            );
            assert!(text.len() < 400_000, "{}", shop.file);
            let orders = Orders::new(text.as_bytes()).unwrap();
            let orders: Result<Vec<Order>, _> = orders.collect();
            (
                shop,
                orders.unwrap_or_else(|error| panic!("{}: {error}", shop.file)),
            )
        };
        shops::SHOPS.iter().map(read).collect()
    }

    #[test]
    fn the_shipped_files_are_what_the_generator_writes_and_parse() {
        let mut per_vendor = std::collections::HashMap::new();
        for (shop, orders) in shipped() {
            *per_vendor.entry(shop.vendor).or_insert(0) += orders.len();
        }
        assert_eq!(per_vendor.len(), 2);
        assert!(
            per_vendor.values().all(|orders| *orders >= 500),
            "{per_vendor:?}"
        );
    }

    #[test]
    fn the_amounts_of_an_order_add_up() {
        for (shop, orders) in shipped() {
            for order in orders {
                let goods: i64 = order
                    .line_items
                    .iter()
                    .map(|line| line.price * i64::from(line.quantity))
                    .sum();
                let at = format!("{} {}", shop.file, order.name);
                assert_eq!(order.subtotal, goods - order.discount_amount, "{at}");
                assert_eq!(
                    order.total,
                    order.subtotal + order.shipping + order.taxes,
                    "{at}"
                );
                assert_eq!(order.currency.as_str(), shop.currency, "{at}");
                assert!(order.refunded <= order.total, "{at}");
                assert!(
                    order.paid_at.is_none_or(|paid| paid >= order.created_at),
                    "{at}"
                );
            }
        }
    }

    #[test]
    fn every_shop_has_orders_and_customers_that_look_like_anothers() {
        let shipped = shipped();
        let same = |of: fn(&Order) -> Option<&String>| {
            shipped
                .iter()
                .map(|(_, orders)| orders.iter().filter_map(of).collect::<HashSet<_>>())
                .reduce(|all, one| &all & &one)
                .unwrap()
                .len()
        };
        assert!(same(|order| Some(&order.name)) >= 250);
        assert!(same(|order| order.email.as_ref()) >= 8);
        let ids: HashSet<i64> = shipped
            .iter()
            .flat_map(|(_, orders)| orders)
            .map(|order| order.id)
            .collect();
        assert_eq!(
            ids.len(),
            shipped
                .iter()
                .map(|(_, orders)| orders.len())
                .sum::<usize>()
        );
    }

    #[test]
    fn nobody_in_the_files_can_be_written_to() {
        for (_, orders) in shipped() {
            for email in orders.iter().filter_map(|order| order.email.as_deref()) {
                let domain = email.rsplit_once('@').unwrap().1;
                assert!(
                    ["example.com", "example.org", "example.net"].contains(&domain),
                    "{email}"
                );
            }
        }
    }
}
