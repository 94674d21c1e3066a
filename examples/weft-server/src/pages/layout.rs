//! What all pages have in common. `maud` escapes whatever is put into its markup, and pages are
//! functions with types: there is no file that could drift from the values it shows.

#![expect(clippy::needless_pass_by_value, reason = "markup is put into markup")]

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    assets::{ICON_PATH, STYLE_PATH},
    visitor::{Member, Visitor},
};

/// The parts of an organisation's pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Inbox,
    Customers,
    Orders,
    Members,
    Settings,
}

impl Section {
    const ALL: [Section; 5] = [
        Section::Inbox,
        Section::Customers,
        Section::Orders,
        Section::Members,
        Section::Settings,
    ];

    const fn name(self) -> &'static str {
        match self {
            Section::Inbox => "Inbox",
            Section::Customers => "Customers",
            Section::Orders => "Orders",
            Section::Members => "Members",
            Section::Settings => "Settings",
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Section::Inbox => "inbox",
            Section::Customers => "customers",
            Section::Orders => "orders",
            Section::Members => "members",
            Section::Settings => "settings",
        }
    }
}

/// A page by itself: signing in, and what concerns the account.
pub(crate) fn alone(title: &str, content: Markup) -> Markup {
    sized(title, "alone", content)
}

/// The same with more room.
pub(crate) fn wide(title: &str, content: Markup) -> Markup {
    sized(title, "alone wide", content)
}

fn sized(title: &str, class: &str, content: Markup) -> Markup {
    document(
        title,
        html! {
            main #main class=(class) {
                a.brand href="/" { (mark()) "weft" }
                (content)
            }
        },
    )
}

/// A page within an organisation.
pub(crate) fn within(member: &Member, section: Section, title: &str, content: Markup) -> Markup {
    let organization = member.organization();
    document(
        title,
        html! {
            a.skip href="#main" { "Skip to the content" }
            div.frame {
                header { div {
                    a.brand href="/organizations" {
                        (mark())
                        span {
                            (organization.name)
                            small { (organization.display_name) }
                        }
                    }
                    nav aria-label="Organisation" {
                        ul {
                            @for one in Section::ALL {
                                li {
                                    a href=(member.path(one.path())) aria-current=[(one == section).then_some("page")] {
                                        (one.name())
                                    }
                                }
                            }
                            li { a href="/account" { "Account" } }
                        }
                        form method="post" action="/sign-out" {
                            (member.visitor().token())
                            button.quiet type="submit" { "Sign out" }
                        }
                    }
                } }
                main #main.stack { (content) }
            }
        },
    )
}

fn document(title: &str, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · weft" }
                link rel="stylesheet" href=(*STYLE_PATH);
                link rel="icon" type="image/svg+xml" href=(*ICON_PATH);
            }
            body { (body) }
        }
    }
}

/// The mark, for beside the name.
fn mark() -> Markup {
    PreEscaped(MARK.replace("<svg ", "<svg aria-hidden=\"true\" "))
}

const MARK: &str = include_str!("icon.svg");

/// A script of ours: a browser runs none without the nonce of the answer that names it.
pub(crate) fn script(visitor: &Visitor, path: &str) -> Markup {
    html! {
        @if let Some(nonce) = visitor.nonce() { script type="module" src=(path) nonce=(nonce) {} }
    }
}

/// A form that posts, with its token against requests from elsewhere.
pub(crate) fn form(visitor: &Visitor, action: &str, content: Markup) -> Markup {
    html! {
        form.stack method="post" action=(action) { (visitor.token()) (content) }
    }
}

/// A field with its label, and a hint.
pub(crate) fn field(id: &str, label: &str, hint: Option<&str>, input: Markup) -> Markup {
    html! {
        div.field {
            label for=(id) { (label) }
            (input)
            @if let Some(hint) = hint { small id={ (id) "-hint" } { (hint) } }
        }
    }
}

/// Something went wrong, and how to mend it.
pub(crate) fn wrong(text: &str) -> Markup {
    html! { p.notice.wrong role="alert" { (text) } }
}

/// Something went well, or is good to know.
pub(crate) fn notice(text: &str) -> Markup {
    html! { p.notice role="status" { (text) } }
}

/// Where there is nothing to list.
pub(crate) fn empty(title: &str, text: &str) -> Markup {
    html! { div.empty { h2 { (title) } p { (text) } } }
}
