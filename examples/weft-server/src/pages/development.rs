//! The mail that this server did not send, for a machine that nobody else reaches.

use std::time::SystemTime;

use axum::extract::State;
use maud::{Markup, html};

use super::{Pages, layout, refused::Refused};
use crate::{app::AppState, error::Problem};

pub(super) fn routes(pages: Pages) -> Pages {
    pages.get("/development/mailbox", show)
}

async fn show(State(state): State<AppState>) -> Result<Markup, Refused> {
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

fn ago(at: SystemTime) -> String {
    match at.elapsed().unwrap_or_default().as_secs() {
        0..60 => "just now".to_owned(),
        seconds => format!("{} min ago", seconds / 60),
    }
}
