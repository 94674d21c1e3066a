use super::RowErrorKind;
use std::fmt;

/// An ISO 4217 currency code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The currency with this code, or `None` unless it is three capital letters.
    pub fn new(code: &str) -> Option<Self> {
        let code: [u8; 3] = code.as_bytes().try_into().ok()?;
        code.iter()
            .all(u8::is_ascii_uppercase)
            .then_some(Self(code))
    }

    /// The three letters.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("three ASCII letters, checked by new")
    }

    /// How many decimals the minor unit stands for: 2 for EUR, 0 for JPY, 3 for KWD.
    ///
    /// The exceptions are those of ISO 4217 table A.1; a code unknown to it has 2.
    pub fn decimals(self) -> usize {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }

    /// `12.5` as 1250 where the currency has two decimals: digits only, exactly, never rounded.
    pub(super) fn minor_units(self, text: &str) -> Result<i64, RowErrorKind> {
        if let Some(rest) = text.strip_prefix('-')
            && is_amount(rest)
        {
            return Err(RowErrorKind::NegativeAmount);
        }
        if !is_amount(text) {
            return Err(RowErrorKind::NotAnAmount);
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let (fraction, beyond) = fraction.split_at(fraction.len().min(self.decimals()));
        if beyond.bytes().any(|digit| digit != b'0') {
            return Err(RowErrorKind::TooManyDecimals);
        }
        let padding = std::iter::repeat_n(b'0', self.decimals() - fraction.len());
        whole
            .bytes()
            .chain(fraction.bytes())
            .chain(padding)
            .try_fold(0_i64, |units, digit| {
                units.checked_mul(10)?.checked_add(i64::from(digit - b'0'))
            })
            .ok_or(RowErrorKind::AmountTooLarge)
    }
}

fn is_amount(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(text),
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(currency: &str, text: &str) -> Result<i64, RowErrorKind> {
        Currency::new(currency).unwrap().minor_units(text)
    }

    #[test]
    fn reads_decimal_text_exactly() {
        for (currency, text, expected) in [
            ("EUR", "0", 0),
            ("EUR", "0.07", 7),
            ("EUR", "12.5", 1250),
            ("EUR", "12.50", 1250),
            ("EUR", "12.5000", 1250),
            ("EUR", "007.10", 710),
            ("USD", "92233720368547758.07", i64::MAX),
            ("JPY", "4200", 4200),
            ("JPY", "4200.00", 4200),
            ("KWD", "1.5", 1500),
            ("KWD", "1.505", 1505),
            ("CLF", "1.0001", 10001),
        ] {
            assert_eq!(
                units(currency, text).unwrap(),
                expected,
                "{currency} {text}"
            );
        }
    }

    #[test]
    fn refuses_what_is_not_an_amount_of_the_currency() {
        use RowErrorKind::*;
        for text in [
            "", ".", "1.", ".5", "1,50", "1.2.3", "1e3", " 1", "+1", "--1", "-", "€1", "١", "0x1",
            "NaN",
        ] {
            assert!(matches!(units("EUR", text), Err(NotAnAmount)), "{text}");
        }
        assert!(matches!(units("EUR", "-1.00"), Err(NegativeAmount)));
        assert!(matches!(units("EUR", "1.001"), Err(TooManyDecimals)));
        assert!(matches!(units("JPY", "1.50"), Err(TooManyDecimals)));
        assert!(matches!(
            units("USD", "92233720368547758.08"),
            Err(AmountTooLarge)
        ));
        assert!(matches!(
            units("JPY", &"9".repeat(400)),
            Err(AmountTooLarge)
        ));
    }

    #[test]
    fn a_currency_is_three_capital_letters() {
        assert_eq!(Currency::new("EUR").unwrap().to_string(), "EUR");
        for code in ["", "EU", "EURO", "eur", "E R", "EÜ", "12E"] {
            assert_eq!(Currency::new(code), None, "{code}");
        }
    }
}
