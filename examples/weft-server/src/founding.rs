//! An organisation in the making, and its first owner.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;
use weft_auth::{AccountId, Mailbox};
use weft_tenancy::Scope;

use crate::{
    error::Problem,
    roads::Roads,
    schema::{memberships, organizations, plans},
    value::{Line, Role},
};

/// Who asks for an organisation, and why that is on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Somebody who signed up.
    SignUp,
    /// Whoever operates the server, who wants one of that name and no second one.
    Bootstrap,
}

/// The first owner.
#[derive(Debug, Clone)]
pub struct Owner<'a> {
    /// Whose account it is; `None` stands for that of the mailbox, which is made if there is none.
    pub account: Option<AccountId>,
    /// Its mailbox.
    pub mailbox: &'a Mailbox,
    /// What other members are shown.
    pub display_name: &'a Line<1, 200>,
}

/// What came to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founded {
    /// The organisation's short name.
    pub slug: String,
    /// The account of its owner.
    pub account: AccountId,
    id: Uuid,
}

/// Makes an organisation of that name.
///
/// # Errors
/// When whoever operates the server asks for a name that is there, or the database does not answer.
pub async fn found(
    roads: &Roads,
    name: &Line<1, 200>,
    owner: Owner<'_>,
    reason: Reason,
) -> Result<Founded, Problem> {
    let founded = organization(roads, name, &owner, reason).await?;
    own(roads, &founded, owner).await?;
    Ok(founded)
}

/// An organisation belongs to no scope before it is there: this is the third road's work.
async fn organization(
    roads: &Roads,
    name: &Line<1, 200>,
    owner: &Owner<'_>,
    reason: Reason,
) -> Result<Founded, Problem> {
    let (id, slug) = (Uuid::now_v7(), slug(name));
    let (why, who) = match reason {
        Reason::SignUp => ("sign-up", "weft-server"),
        Reason::Bootstrap => ("bootstrap", "weft-server bootstrap"),
    };
    let mut conn = roads.unscoped.open().await?;
    conn.unscoped(why, who, async |conn| {
        let same = organizations::table.filter(organizations::name.eq(name));
        let known: bool = diesel::select(diesel::dsl::exists(same))
            .get_result(conn)
            .await?;
        if known && reason == Reason::Bootstrap {
            return Err(Problem::conflict("there is an organisation of that name"));
        }
        // Nobody has an account of what is refused.
        let account = match owner.account {
            Some(account) => account,
            None => roads.auth.account(owner.mailbox).await?.into(),
        };
        let plan: Uuid = plans::table
            .filter(plans::code.eq("starter"))
            .select(plans::id)
            .first(conn)
            .await?;
        diesel::insert_into(organizations::table)
            .values((
                organizations::id.eq(id),
                organizations::slug.eq(&slug),
                organizations::name.eq(name),
                organizations::plan_id.eq(plan),
            ))
            .execute(conn)
            .await?;
        Ok(Founded { slug, account, id })
    })
    .await
}

/// Its first membership, in a scope of it.
async fn own(roads: &Roads, founded: &Founded, owner: Owner<'_>) -> Result<(), Problem> {
    let mut conn = roads.app.within(Scope::org(founded.id)).await?;
    conn.transaction(async |conn| {
        diesel::insert_into(memberships::table)
            .values((
                memberships::id.eq(Uuid::now_v7()),
                memberships::user_id.eq(Uuid::from(founded.account)),
                memberships::role.eq(Role::Owner),
                memberships::all_shops.eq(true),
                memberships::display_name.eq(owner.display_name),
                memberships::address.eq(owner.mailbox.as_str()),
            ))
            .execute(conn)
            .await
    })
    .await?;
    Ok(())
}

/// A short name that nobody has yet: the letters of the name, and some that are random.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            _ if slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    let letters = slug.trim_matches(|c: char| !c.is_ascii_lowercase());
    let letters: String = letters.chars().take(24).collect();
    let letters = match letters.trim_end_matches('-') {
        "" => "org",
        letters => letters,
    };
    let random = Uuid::new_v4().simple().to_string();
    format!("{letters}-{}", &random[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_is_one_that_the_database_takes() {
        for (name, start) in [
            ("Kumo Ceramics", "kumo-ceramics-"),
            ("  4 Elements & Söhne  ", "elements-s-hne-"),
            ("雲", "org-"),
            (&"x".repeat(200), "xxxxxxxxxxxxxxxxxxxxxxxx-"),
        ] {
            let slug = slug(name);
            assert!(slug.starts_with(start), "{slug}");
            assert!(slug.len() <= 40 && slug.starts_with(|c: char| c.is_ascii_lowercase()));
        }
        assert_ne!(slug("a"), slug("a"));
    }
}
