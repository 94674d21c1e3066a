//! The files of pages, under names that change with what is in them.

use std::sync::LazyLock;

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use ring::digest::{SHA256, digest};

use super::Pages;

const STYLE: &str = include_str!("weft.css");
const ICON: &str = include_str!("icon.svg");
const ATTACH_SCRIPT: &str = include_str!("attach.mjs");

/// Where the style sheet is.
pub(super) static STYLE_PATH: LazyLock<String> = LazyLock::new(|| path(STYLE, "css"));
/// Where the icon is.
pub(super) static ICON_PATH: LazyLock<String> = LazyLock::new(|| path(ICON, "svg"));
/// Where the script is that sends files.
pub(super) static ATTACH: LazyLock<String> = LazyLock::new(|| path(ATTACH_SCRIPT, "mjs"));

pub(super) fn routes(pages: Pages) -> Pages {
    let style = async || file("text/css; charset=utf-8", STYLE);
    let icon = async || file("image/svg+xml", ICON);
    let attach = async || file("text/javascript; charset=utf-8", ATTACH_SCRIPT);
    let pages = pages.get(&STYLE_PATH, style).get(&ICON_PATH, icon);
    pages.get(&ATTACH, attach)
}

fn path(text: &str, kind: &str) -> String {
    let digest = digest(&SHA256, text.as_bytes());
    let name: String = digest.as_ref()[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("/assets/{name}.{kind}")
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, text).into_response()
}
