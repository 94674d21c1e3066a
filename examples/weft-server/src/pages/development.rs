//! The mail that this server did not send and what browsers reported to it, for a machine that nobody
//! else reaches.

use std::time::SystemTime;

use axum::extract::State;
use maud::{Markup, html};

use super::{Pages, layout, refused::Refused};
use crate::{app::AppState, error::Problem};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/development/mailbox", mailbox)
        .get("/development/reports", reports)
}

async fn mailbox(State(state): State<AppState>) -> Result<Markup, Refused> {
    let development = state.post().shown().ok_or_else(Problem::not_found)?;
    let letters = development.letters();
    Ok(layout::wide(
        "Development mailbox",
        html! {
            h1 { "Development mailbox" }
            p.soft { "Nobody is configured to send mail. What would have been sent is here until the server stops; load the page again to see what came since." }
            @if letters.is_empty() {
                (layout::empty("No mail yet", "Sign up, or ask for a link to sign in."))
            }
            @for kept in letters {
                article.card.stack.tight {
                    h2 { (kept.letter.subject) }
                    p.soft.small { "To " (kept.letter.to.as_str()) ", " (ago(kept.at)) }
                    @for line in kept.letter.text.lines().filter(|line| !line.is_empty()) {
                        p {
                            @if line.starts_with("https://") { a href=(line) { (line) } } @else { (line) }
                        }
                    }
                }
            }
        },
    ))
}

async fn reports(State(state): State<AppState>) -> Result<Markup, Refused> {
    state.post().shown().ok_or_else(Problem::not_found)?;
    let seen = state.violations().seen();
    Ok(layout::wide(
        "Reports of browsers",
        html! {
            h1 { "Reports of browsers" }
            p.soft { "What the policy of a page kept a browser from. The log has each of them as well. Anybody can send a report: look before you believe one." }
            @if seen.is_empty() {
                (layout::empty("No reports", "Nothing was kept from any browser since the server started."))
            } @else {
                table {
                    thead { tr { th { "Page" } th { "Part of the policy" } th { "What was blocked" } th.number { "Times" } th { "Last" } } }
                    tbody {
                        @for seen in seen {
                            tr {
                                td data-label="Page" { (seen.path) }
                                td data-label="Part of the policy" { (seen.violation.directive()) @if !seen.violation.is_enforced() { " (reported only)" } }
                                td data-label="What was blocked" { (seen.violation.blocked()) }
                                td.number data-label="Times" { (seen.count) }
                                td data-label="Last" { (ago(seen.at)) }
                            }
                        }
                    }
                }
            }
        },
    ))
}

fn ago(at: SystemTime) -> String {
    match at.elapsed().unwrap_or_default().as_secs() {
        0..60 => "just now".to_owned(),
        seconds => format!("{} min ago", seconds / 60),
    }
}
