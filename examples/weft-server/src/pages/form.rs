//! A form that was submitted, read strictly.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{StatusCode, header},
};
use serde::{Deserialize, de::DeserializeOwned};
use weft_auth::csrf;

use super::refused::Refused;
use crate::{app::AppState, error::Problem};

/// The fields of a form, but for the token that the layer around all pages has checked. A field twice,
/// an unknown one and a missing one are refused.
pub(crate) struct Form<T>(pub(crate) T);

/// A form that is a button and no field.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

impl<T: DeserializeOwned> FromRequest<AppState> for Form<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Refused> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            let detail = "a form is needed";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail).into());
        }
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|_| bad("the form could not be read"))?;
        let text = std::str::from_utf8(&bytes).map_err(|_| bad("the form is not UTF-8"))?;
        let fields = text.split('&').filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            name != csrf::FIELD
        });
        let fields: Vec<&str> = fields.collect();
        serde_urlencoded::from_str(&fields.join("&"))
            .map(Form)
            .map_err(|error| Problem::unprocessable(error.to_string()).into())
    }
}

/// The fields of a form in which one may be there several times, as boxes that are ticked are.
pub(crate) struct Fields(pub(crate) Vec<(String, String)>);

impl Fields {
    /// The values of all fields of that name.
    pub(crate) fn all(&mut self, name: &str) -> Vec<String> {
        let named = self.0.extract_if(.., |(known, _)| known == name);
        named.map(|(_, value)| value).collect()
    }

    /// The value of the only field of that name.
    ///
    /// # Errors
    /// When there are others.
    pub(crate) fn one(&mut self, name: &str) -> Result<Option<String>, String> {
        let mut all = self.all(name);
        let value = all.pop();
        match all.is_empty() {
            true => Ok(value),
            false => Err(format!("{name} is there twice")),
        }
    }

    /// That all of them were asked for.
    ///
    /// # Errors
    /// When there are others.
    pub(crate) fn end(self) -> Result<(), String> {
        match self.0.is_empty() {
            true => Ok(()),
            false => Err("there is a field that is not of this form".to_owned()),
        }
    }
}

fn bad(detail: &str) -> Refused {
    Problem::new(StatusCode::BAD_REQUEST, detail).into()
}
