use super::FIELD;

/// The token among the fields of an `application/x-www-form-urlencoded` body.
///
/// Its characters are ones that no browser escapes, so nothing is decoded.
///
/// # Errors
/// When there are two of them.
pub fn submitted_in(form: &[u8]) -> Result<Option<&str>, super::Refusal> {
    let mut values = form.split(|&c| c == b'&').filter_map(|pair| {
        let value = pair.strip_prefix(FIELD.as_bytes())?;
        value.strip_prefix(b"=")
    });
    let first = values.next();
    if values.next().is_some() {
        return Err(super::Refusal::new(super::RefusalKind::DuplicateToken));
    }
    Ok(first.and_then(|value| str::from_utf8(value).ok()))
}
