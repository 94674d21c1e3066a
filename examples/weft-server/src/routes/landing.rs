use axum::response::Html;

/// `GET /`: what runs here.
pub async fn page() -> Html<&'static str> {
    Html(PAGE)
}

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>weft-server</title>
<h1>weft-server</h1>
<p>A shared inbox for commerce: shops, customers, orders and conversations of several organisations
in one database. It is the demonstration of the weft crates, and it begins here: an API, no pages.</p>
<ul>
<li>The API is under <code>/api</code> and described in <a href="/api/openapi.json">OpenAPI 3.1</a>.
A bearer token says which organisation a request sees. The server prints four when it starts.</li>
<li><a href="/healthz">Health</a></li>
</ul>
<p>Every statement a request causes is guarded by <code>weft-tenancy</code>. Row-level security, the
second layer, and a page that proves each promise are not here yet.</p>
</html>
"#;
