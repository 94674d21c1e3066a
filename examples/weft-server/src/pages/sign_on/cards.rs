//! What the page about single sign-on shows.

use maud::{Markup, html};
use weft_auth::sso::{Claim, Connection, ConnectionState, DomainProof, OrganizationId, Setup};

use super::super::{layout, show, visitor::Member};

pub(super) fn connection_card(member: &Member, connections: &[&Connection]) -> Markup {
    html! {
        section.card.stack {
            h2 { "Identity provider" }
            @if connections.is_empty() {
                p.soft { "None is connected yet." }
            } @else {
                ul.list {
                    @for one in connections {
                        li { div {
                            code { (one.id()) }
                            @match one.state() {
                                ConnectionState::Active => span.badge { "active" },
                                state => span.badge.warn { (show::word(state.name())) },
                            }
                        } }
                    }
                }
            }
            div.row {
                (portal_form(member, Setup::Connection, "Connect your identity provider"))
                (layout::form(member.visitor(), &member.path("sign-on/refresh"), html! {
                    button type="submit" { "Look again" }
                }))
            }
            p.soft.small { "What you do there shows here when you look again, and by itself within ten minutes." }
        }
    }
}

pub(super) fn domains_card(member: &Member, claims: &[Claim]) -> Markup {
    html! {
        section.stack {
            h2 { "Domains" }
            p { "People whose addresses are in a domain that is proved to be yours may sign in through your organisation. You prove it by a record in the domain's DNS." }
            @if claims.is_empty() {
                p.soft { "None is proved yet." }
            } @else {
                table {
                    thead { tr {
                        th scope="col" { "Domain" }
                        th scope="col" { "Proof" }
                        th scope="col" { "People sign in" }
                        th scope="col" { "Change" }
                    } }
                    tbody { @for claim in claims { tr {
                        td data-label="Domain" { (claim.domain) }
                        td data-label="Proof" {
                            @match claim.proof {
                                DomainProof::Verified => span.badge { "proved" },
                                DomainProof::Failed => span.badge.wrong { "not proved" },
                                _ => span.badge.warn { "pending" },
                            }
                        }
                        td data-label="People sign in" {
                            @if claim.enforced { "through the organisation alone" } @else { "as they like" }
                        }
                        td data-label="Change" { (require_form(member, claim)) }
                    } } }
                }
            }
            (portal_form(member, Setup::Domains, "Add and prove domains"))
        }
    }
}

fn require_form(member: &Member, claim: &Claim) -> Markup {
    let (required, text) = match claim.enforced {
        true => ("no", "Let them choose"),
        false => ("yes", "Require it"),
    };
    html! {
        @if claim.proof == DomainProof::Verified {
            (layout::form(member.visitor(), &member.path("sign-on/require"), html! {
                input type="hidden" name="domain" value=(claim.domain);
                input type="hidden" name="required" value=(required);
                button type="submit" aria-label={ (text) " for " (claim.domain) } { (text) }
            }))
        } @else { span.soft { "after the proof" } }
    }
}

fn portal_form(member: &Member, setup: Setup, text: &str) -> Markup {
    layout::form(
        member.visitor(),
        &member.path("sign-on/portal"),
        html! {
            input type="hidden" name="part" value=(setup.name());
            button type="submit" { (text) }
        },
    )
}

pub(super) fn ends_card(member: &Member, organization: &OrganizationId) -> Markup {
    html! {
        section.card.stack.tight {
            h2 { "Take it down" }
            p { "Nobody signs in through your organisation any more, and who did is signed out. Passwords and links by mail work again. What is set up at WorkOS, as " code { (organization) } ", stays there." }
            (layout::form(member.visitor(), &member.path("sign-on/remove"), html! {
                button.danger type="submit" { "Take it down" }
            }))
        }
    }
}
