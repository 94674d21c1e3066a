//! How values are shown.

use std::fmt::Write;

use chrono::{DateTime, SecondsFormat, Utc};
use maud::{Markup, html};

use super::asked::Here;
use crate::shopify::Currency;

/// A time, for people and for programs.
pub(crate) fn time(at: DateTime<Utc>) -> Markup {
    let exact = at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let said = at.format("%-d %b %Y, %H:%M UTC").to_string();
    html! { time datetime=(exact) { (said) } }
}

/// Minor units of a currency, as they are written in prices.
pub(crate) fn money(units: i64, currency: &str) -> String {
    let decimals = Currency::new(currency).map_or(2, Currency::decimals);
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let mut said = String::from(if units < 0 { "−" } else { "" });
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            said.push(',');
        }
        said.push(digit);
    }
    if decimals > 0 {
        let _ = write!(said, ".{fraction}");
    }
    let _ = write!(said, " {currency}");
    said
}

/// How large something is, to three digits.
pub(crate) fn bytes(count: i64) -> String {
    let count = count.unsigned_abs();
    let fits = |unit: &&(u64, &str)| count >= unit.0;
    let Some((size, unit)) = UNITS.iter().find(fits) else {
        return format!("{count} bytes");
    };
    let (whole, tenth) = (count / size, count % size * 10 / size);
    match whole {
        0..=9 if tenth > 0 => format!("{whole}.{tenth} {unit}"),
        _ => format!("{whole} {unit}"),
    }
}

const UNITS: [(u64, &str); 4] = [
    (1_000_000_000_000, "TB"),
    (1_000_000_000, "GB"),
    (1_000_000, "MB"),
    (1_000, "kB"),
];

/// A word of the API's, as people write it.
pub(crate) fn word(word: &str) -> String {
    word.replace('_', " ")
}

/// What is said of a problem, as a sentence.
pub(crate) fn sentence(detail: &str) -> String {
    let mut rest = detail.chars();
    let first = rest.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), rest.as_str())
}

/// A list to choose one of, or all.
pub(crate) fn choice(
    (name, label, all): (&str, &str, &str),
    options: impl IntoIterator<Item = (String, String)>,
    chosen: Option<&str>,
    note: Option<&str>,
) -> Markup {
    let described = note.map(|_| format!("{name}-note"));
    html! {
        div.field {
            label for=(name) { (label) }
            select id=(name) name=(name) aria-describedby=[&described] {
                option value="" { (all) }
                @for (value, said) in options {
                    option value=(value) selected[chosen == Some(&*value)] { (said) }
                }
            }
            @if let Some(note) = note { small id=[&described] { (note) } }
        }
    }
}

/// The words of a list as options of a choice.
pub(crate) fn words(all: impl Iterator<Item = &'static str>) -> Vec<(String, String)> {
    all.map(|one| (one.to_owned(), word(one))).collect()
}

/// The way to the pages of a list before and behind this one.
pub(crate) fn pager(here: &Here, next: Option<&str>, (back, on): (&str, &str)) -> Markup {
    let first = here.first();
    html! {
        @if first.is_some() || next.is_some() {
            nav.row.apart aria-label="Pages" {
                @if let Some(first) = first { a.button href=(first) { (back) } }
                @if let Some(next) = next { a.button href=(here.with("cursor", next)) { (on) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_a_file_manager() {
        for (count, said) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_000, "1 kB"),
            (1_999, "1.9 kB"),
            (99_999, "99 kB"),
            (268_435_456, "268 MB"),
            (2_000_000_000, "2 GB"),
            (i64::MAX, "9223372 TB"),
        ] {
            assert_eq!(bytes(count), said);
        }
    }

    #[test]
    fn money_has_the_decimals_of_its_currency() {
        for (units, currency, said) in [
            (0, "EUR", "0.00 EUR"),
            (5, "USD", "0.05 USD"),
            (123_456, "GBP", "1,234.56 GBP"),
            (1_200, "JPY", "1,200 JPY"),
            (100_000_000, "JPY", "100,000,000 JPY"),
            (1_234, "KWD", "1.234 KWD"),
            (-250, "EUR", "−2.50 EUR"),
        ] {
            assert_eq!(money(units, currency), said);
        }
    }
}
