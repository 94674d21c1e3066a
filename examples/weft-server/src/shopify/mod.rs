//! Orders as Shopify exports them and as its webhooks carry them: CSV or JSON in, typed records out.
//!
//! Nothing here opens a file or a connection. [`Orders`] streams over any [`std::io::Read`],
//! [`Columns`] lays a batch out for `INSERT … SELECT … FROM unnest($1, $2, …)`, which is one
//! statement whatever the size of the batch.
//!
//! ```
//! use weft_server::shopify::{Columns, Orders};
//!
//! let file = "Name,Email,Financial Status,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,\
//!             Created at,Lineitem quantity,Lineitem name,Lineitem price,Id\n\
//!             #1001,ada@example.com,paid,,EUR,25.00,4.90,4.75,34.65,2024-03-05 14:22:10 +0100,2,Mug,9.50,501\n\
//!             #1001,,,,,,,,,,1,Spoon,6.00,\n";
//! let orders = Orders::new(file.as_bytes())?.collect::<Result<Vec<_>, _>>()?;
//! assert_eq!((orders.len(), orders[0].line_items.len()), (1, 2));
//! assert_eq!(orders[0].total, 34_65);
//!
//! let columns = Columns::new(&orders, uuid::Uuid::nil);
//! assert_eq!(columns.lines.price, [950, 600]);
//!
//! let error = Orders::new("Name,Email\n".as_bytes()).err().expect("most columns are missing");
//! assert_eq!(error.to_string(), "line 1, column Financial Status: missing from the header");
//! # Ok::<(), weft_server::shopify::RowError>(())
//! ```

pub mod columns;
mod error;
pub mod event;
pub mod export;
mod money;
mod order;
mod row;
#[cfg(test)]
mod tests;

pub use columns::Columns;
pub use error::{RowError, RowErrorKind};
pub use event::Event;
pub use export::Orders;
pub use money::Currency;
pub use order::{FinancialStatus, FulfillmentStatus, LineItem, Order};
