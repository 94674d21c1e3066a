//! The streaming reader of an order export.

use super::row::{Row, Rows};
use super::{
    Currency, FinancialStatus, FulfillmentStatus, LineItem, Order, RowError, RowErrorKind,
};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::io::Read;
use std::mem;

/// Shopify lets an order have 500.
const LINE_ITEMS_LIMIT: usize = 1000;
/// Shopify ends names, titles and codes at 255 characters; a variant follows its product's title.
const LABEL_LIMIT: usize = 1024;
const EMAIL_LIMIT: usize = 254;

/// The orders of an export, read row by row.
///
/// Columns are found by their header, in any order and any case, and those an [`Order`] has no
/// use for are ignored. Rows of one order must follow each other, the first holding the order and
/// each holding a line item. The first error ends the iteration; since the row after an order
/// ends it, a broken row also withholds the order above it.
///
/// Memory holds one order at a time, and every order's name to notice one that comes twice.
#[must_use = "reads nothing until iterated"]
pub struct Orders<R> {
    rows: Rows<R>,
    header: Header,
    row: Row,
    pending: bool,
    ended: bool,
    first_lines: HashMap<Box<str>, u64>,
}

impl<R: Read> Orders<R> {
    /// Reads the header of an export; `source` needs no buffer of its own.
    ///
    /// # Errors
    ///
    /// If the source cannot be read, is empty, or lacks or repeats a column that an [`Order`] is
    /// made of.
    pub fn new(source: R) -> Result<Self, RowError> {
        let mut rows = Rows::new(source)?;
        let mut row = Row::default();
        if !rows.read(&mut row)? {
            return Err(RowError::row(1, RowErrorKind::NoHeader));
        }
        let header = Header::parse(&row)?;
        Ok(Self {
            rows,
            header,
            row,
            pending: false,
            ended: false,
            first_lines: HashMap::new(),
        })
    }

    /// How many bytes of the source the orders so far took, for a progress bar.
    pub fn bytes_read(&self) -> u64 {
        self.rows.bytes()
    }

    fn advance(&mut self) -> Result<bool, RowError> {
        self.pending = self.rows.read(&mut self.row)?;
        let (found, expected) = (self.row.len(), self.header.width);
        if self.pending && found != expected {
            return Err(RowError::row(
                self.row.line,
                RowErrorKind::CellCount { found, expected },
            ));
        }
        Ok(self.pending)
    }

    fn read_order(&mut self) -> Result<Option<Order>, RowError> {
        if !self.pending && !self.advance()? {
            return Ok(None);
        }
        let first = mem::take(&mut self.row);
        let cells = Cells {
            header: &self.header,
            row: &first,
        };
        let name = cells
            .label(Column::Name)?
            .ok_or_else(|| cells.error(Column::Name, RowErrorKind::Empty))?;
        if let Some(&first) = self.first_lines.get(name.as_str()) {
            return Err(cells.error(Column::Name, RowErrorKind::OrderResumed { first }));
        }
        if Column::MARKS
            .iter()
            .all(|column| cells.get(*column).is_empty())
        {
            return Err(RowError::row(first.line, RowErrorKind::NoOrder));
        }
        self.first_lines.insert(name.clone().into(), first.line);
        let mut order = cells.order(name)?;
        while self.advance()? {
            let cells = Cells {
                header: &self.header,
                row: &self.row,
            };
            if cells.get(Column::Name) != order.name {
                break;
            }
            cells.check_against(&first)?;
            if order.line_items.len() == LINE_ITEMS_LIMIT {
                return Err(RowError::row(self.row.line, RowErrorKind::TooManyLineItems));
            }
            order.line_items.push(cells.line_item(order.currency)?);
        }
        Ok(Some(order))
    }
}

impl<R: Read> Iterator for Orders<R> {
    type Item = Result<Order, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let order = self.read_order().transpose();
        self.ended = !matches!(order, Some(Ok(_)));
        order
    }
}

impl<R: Read> std::iter::FusedIterator for Orders<R> {}

macro_rules! columns {
    ($($column:ident $header:literal $needed:ident,)*) => {
        #[derive(Clone, Copy, PartialEq, Eq)]
        enum Column { $($column,)* }

        impl Column {
            const ALL: &[Self] = &[$(Self::$column,)*];

            fn header(self) -> &'static str {
                match self { $(Self::$column => $header,)* }
            }

            fn is_required(self) -> bool {
                const REQUIRED: bool = true;
                const OPTIONAL: bool = false;
                match self { $(Self::$column => $needed,)* }
            }
        }
    };
}

columns! {
    Name "Name" REQUIRED,
    Email "Email" REQUIRED,
    FinancialStatus "Financial Status" REQUIRED,
    PaidAt "Paid at" OPTIONAL,
    FulfillmentStatus "Fulfillment Status" REQUIRED,
    FulfilledAt "Fulfilled at" OPTIONAL,
    Currency "Currency" REQUIRED,
    Subtotal "Subtotal" REQUIRED,
    Shipping "Shipping" REQUIRED,
    Taxes "Taxes" REQUIRED,
    Total "Total" REQUIRED,
    DiscountCode "Discount Code" OPTIONAL,
    DiscountAmount "Discount Amount" OPTIONAL,
    ShippingMethod "Shipping Method" OPTIONAL,
    CreatedAt "Created at" REQUIRED,
    LineitemQuantity "Lineitem quantity" REQUIRED,
    LineitemName "Lineitem name" REQUIRED,
    LineitemPrice "Lineitem price" REQUIRED,
    LineitemSku "Lineitem sku" OPTIONAL,
    BillingName "Billing Name" OPTIONAL,
    BillingPhone "Billing Phone" OPTIONAL,
    ShippingName "Shipping Name" OPTIONAL,
    Notes "Notes" OPTIONAL,
    CancelledAt "Cancelled at" OPTIONAL,
    RefundedAmount "Refunded Amount" OPTIONAL,
    Id "Id" REQUIRED,
    Tags "Tags" OPTIONAL,
    Phone "Phone" OPTIONAL,
}

impl Column {
    /// Filled on the first row of every order and, as Shopify writes it, on no other.
    const MARKS: [Self; 4] = [Self::FinancialStatus, Self::Currency, Self::Total, Self::Id];

    fn is_of_line_item(self) -> bool {
        matches!(
            self,
            Self::LineitemQuantity | Self::LineitemName | Self::LineitemPrice | Self::LineitemSku
        )
    }
}

/// Where each column is.
struct Header {
    indexes: Vec<Option<usize>>,
    width: usize,
}

impl Header {
    fn parse(row: &Row) -> Result<Self, RowError> {
        let mut indexes = vec![None; Column::ALL.len()];
        for (index, cell) in row.cells().enumerate() {
            let named = |column: &&Column| column.header().eq_ignore_ascii_case(cell.trim());
            let Some(&column) = Column::ALL.iter().find(named) else {
                continue;
            };
            if indexes[column as usize].replace(index).is_some() {
                return Err(RowError::cell(
                    row.line,
                    column.header(),
                    RowErrorKind::RepeatedColumn,
                ));
            }
        }
        let missing =
            |column: &&Column| column.is_required() && indexes[**column as usize].is_none();
        if let Some(column) = Column::ALL.iter().find(missing) {
            return Err(RowError::cell(
                row.line,
                column.header(),
                RowErrorKind::MissingColumn,
            ));
        }
        Ok(Self {
            indexes,
            width: row.len(),
        })
    }
}

/// The cells of a row by column, and what they mean.
struct Cells<'a> {
    header: &'a Header,
    row: &'a Row,
}

impl<'a> Cells<'a> {
    /// The cell, empty if the export does not have the column.
    fn get(&self, column: Column) -> &'a str {
        self.header.indexes[column as usize].map_or("", |index| self.row.cell(index))
    }

    fn error(&self, column: Column, kind: RowErrorKind) -> RowError {
        RowError::cell(self.row.line, column.header(), kind)
    }

    fn order(&self, name: String) -> Result<Order, RowError> {
        let currency = self.required(Column::Currency)?;
        let currency = Currency::new(currency)
            .ok_or_else(|| self.error(Column::Currency, RowErrorKind::NotACurrency))?;
        let phone = self
            .label(Column::Phone)?
            .or(self.label(Column::BillingPhone)?);
        Ok(Order {
            id: self.whole(Column::Id)?,
            name,
            email: self.email()?,
            customer_name: self
                .label(Column::BillingName)?
                .or(self.label(Column::ShippingName)?),
            // Shopify marks a number as text for Excel.
            phone: phone.map(|phone| phone.trim_start_matches('\'').to_owned()),
            financial_status: self.status(Column::FinancialStatus, FinancialStatus::parse)?,
            fulfillment_status: self.status(Column::FulfillmentStatus, FulfillmentStatus::parse)?,
            created_at: self
                .time(Column::CreatedAt)?
                .ok_or_else(|| self.error(Column::CreatedAt, RowErrorKind::Empty))?,
            paid_at: self.time(Column::PaidAt)?,
            fulfilled_at: self.time(Column::FulfilledAt)?,
            cancelled_at: self.time(Column::CancelledAt)?,
            currency,
            subtotal: self.amount(Column::Subtotal, currency)?,
            shipping: self.amount(Column::Shipping, currency)?,
            taxes: self.amount(Column::Taxes, currency)?,
            total: self.amount(Column::Total, currency)?,
            refunded: self.amount_or_zero(Column::RefundedAmount, currency)?,
            discount_code: self.label(Column::DiscountCode)?,
            discount_amount: self.amount_or_zero(Column::DiscountAmount, currency)?,
            shipping_method: self.label(Column::ShippingMethod)?,
            notes: Some(self.get(Column::Notes))
                .filter(|notes| !notes.is_empty())
                .map(str::to_owned),
            tags: self
                .get(Column::Tags)
                .split(',')
                .map(str::trim)
                .filter(|tag| !tag.is_empty())
                .map(str::to_owned)
                .collect(),
            line_items: vec![self.line_item(currency)?],
        })
    }

    fn line_item(&self, currency: Currency) -> Result<LineItem, RowError> {
        Ok(LineItem {
            quantity: self.whole(Column::LineitemQuantity)?,
            name: self
                .label(Column::LineitemName)?
                .ok_or_else(|| self.error(Column::LineitemName, RowErrorKind::Empty))?,
            price: self.amount(Column::LineitemPrice, currency)?,
            sku: self.label(Column::LineitemSku)?,
        })
    }

    /// Whether this row adds a line item to the order of `first` and changes nothing.
    fn check_against(&self, first: &Row) -> Result<(), RowError> {
        let first = Cells {
            header: self.header,
            row: first,
        };
        let differs = |column: &&Column| {
            let cell = self.get(**column);
            !column.is_of_line_item() && !cell.is_empty() && cell != first.get(**column)
        };
        match Column::ALL.iter().find(differs) {
            Some(column) => Err(self.error(
                *column,
                RowErrorKind::Contradiction {
                    first: first.row.line,
                },
            )),
            None => Ok(()),
        }
    }

    fn required(&self, column: Column) -> Result<&'a str, RowError> {
        match self.get(column) {
            "" => Err(self.error(column, RowErrorKind::Empty)),
            cell => Ok(cell),
        }
    }

    /// Text of one line.
    fn label(&self, column: Column) -> Result<Option<String>, RowError> {
        match self.get(column) {
            "" => Ok(None),
            cell if cell.len() > LABEL_LIMIT => Err(self.error(column, RowErrorKind::CellTooLong)),
            cell if cell.contains(char::is_control) => {
                Err(self.error(column, RowErrorKind::ControlCharacter))
            }
            cell => Ok(Some(cell.to_owned())),
        }
    }

    fn email(&self) -> Result<Option<String>, RowError> {
        let Some(email) = self.label(Column::Email)? else {
            return Ok(None);
        };
        let is_email = email.len() <= EMAIL_LIMIT
            && !email.contains(char::is_whitespace)
            && email
                .rsplit_once('@')
                .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
        if is_email {
            Ok(Some(email))
        } else {
            Err(self.error(Column::Email, RowErrorKind::NotAnEmail))
        }
    }

    fn whole<N: TryFrom<i64>>(&self, column: Column) -> Result<N, RowError> {
        let cell = self.required(column)?;
        Some(cell)
            .filter(|cell| cell.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|cell| cell.parse().ok())
            .filter(|number| *number > 0)
            .and_then(|number| N::try_from(number).ok())
            .ok_or_else(|| self.error(column, RowErrorKind::NotANumber))
    }

    fn amount(&self, column: Column, currency: Currency) -> Result<i64, RowError> {
        currency
            .minor_units(self.required(column)?)
            .map_err(|kind| self.error(column, kind))
    }

    fn amount_or_zero(&self, column: Column, currency: Currency) -> Result<i64, RowError> {
        if self.get(column).is_empty() {
            Ok(0)
        } else {
            self.amount(column, currency)
        }
    }

    fn time(&self, column: Column) -> Result<Option<DateTime<Utc>>, RowError> {
        let cell = self.get(column);
        if cell.is_empty() {
            return Ok(None);
        }
        // Exports of some years say UTC where others say +0000.
        let time = match cell.strip_suffix(" UTC") {
            Some(time) => {
                DateTime::parse_from_str(&format!("{time} +0000"), "%Y-%m-%d %H:%M:%S %z")
            }
            None => DateTime::parse_from_str(cell, "%Y-%m-%d %H:%M:%S %z"),
        };
        // chrono knows years that Postgres does not.
        let year_ends = cell.bytes().position(|byte| !byte.is_ascii_digit());
        match time {
            Ok(time) if year_ends == Some(4) => Ok(Some(time.to_utc())),
            _ => Err(self.error(column, RowErrorKind::NotATime)),
        }
    }

    fn status<S>(&self, column: Column, parse: fn(&str) -> Option<S>) -> Result<S, RowError> {
        let cell = self.get(column);
        parse(cell).ok_or_else(|| {
            let kind = match cell {
                "" => RowErrorKind::Empty,
                _ => RowErrorKind::UnknownStatus(cell.chars().take(24).collect()),
            };
            self.error(column, kind)
        })
    }
}
