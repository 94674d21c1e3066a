//! What a member is to be called, to do and to see, as a form says it.

use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;

use super::{form::Fields, layout, names::Names};
use crate::value::{Line, Role};

/// What somebody may do, and in which shops: `None` is all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) role: Role,
    pub(crate) shop_ids: Option<Vec<Uuid>>,
}

/// A form about a member as it was sent, read strictly. Each shop that was ticked is a field.
#[derive(Debug, Default, Deserialize)]
#[serde(try_from = "Vec<(String, String)>")]
pub(crate) struct Typed {
    pub(crate) address: Option<String>,
    pub(crate) display_name: String,
    access: String,
    shops: Vec<Uuid>,
}

impl Typed {
    /// The form about a member who is there.
    pub(crate) fn of(display_name: &str, access: &Access) -> Typed {
        let kind = match (access.role, &access.shop_ids) {
            (Role::Owner, _) => OWNER,
            (Role::Member, None) => ALL,
            (Role::Member, Some(_)) => SOME,
        };
        Typed {
            address: None,
            display_name: display_name.to_owned(),
            access: kind.to_owned(),
            shops: access.shop_ids.clone().unwrap_or_default(),
        }
    }

    /// The shops that were ticked.
    pub(crate) fn shops(&self) -> impl Iterator<Item = Uuid> {
        self.shops.iter().copied()
    }

    /// The name and the access, where `shops` are those that there are.
    ///
    /// # Errors
    /// When something is missing; the text says what.
    pub(crate) fn read(&self, shops: &Names) -> Result<(Line<1, 200>, Access), &'static str> {
        let name = Line::new(self.display_name.trim().to_owned());
        let name = name.map_err(|_| "A name is needed, of one line.")?;
        let (role, shop_ids) = match &*self.access {
            OWNER => (Role::Owner, None),
            ALL => (Role::Member, None),
            SOME if self.shops.is_empty() => return Err("Tick at least one shop."),
            SOME => (Role::Member, Some(self.shops.clone())),
            _ => return Err("Choose what the member may do."),
        };
        let mut chosen = shop_ids.iter().flatten();
        match chosen.all(|shop| shops.get(*shop).is_some()) {
            true => Ok((name, Access { role, shop_ids })),
            false => Err("One of these shops is not there any more. Tick them again."),
        }
    }

    /// The fields, with what was typed.
    pub(crate) fn fields(&self, shops: &Names) -> Markup {
        let kind = |value: &'static str, text: &'static str| {
            html! {
                label.choice {
                    input type="radio" name="access" value=(value) required checked[self.access == value];
                    (text)
                }
            }
        };
        html! {
            (layout::field("display_name", "Name", Some("Other members see this name."), html! {
                input #display_name name="display_name" value=(self.display_name) required maxlength="200" autocomplete="off" aria-describedby="display_name-hint";
            }))
            fieldset {
                legend { "May do" }
                (kind(OWNER, "Everything, as an owner"))
                (kind(ALL, "The daily work, in all shops"))
                @if shops.len() > 0 { (kind(SOME, "The daily work, in the shops ticked here")) }
            }
            @if shops.len() > 0 {
                fieldset {
                    legend { "Shops" }
                    @for (id, name) in shops.iter() {
                        label.choice {
                            input type="checkbox" name="shop_id" value=(id) checked[self.shops.contains(&id)];
                            (name)
                        }
                    }
                    @if let Some(note) = shops.note() { small.soft { (note) } }
                }
            }
        }
    }
}

const OWNER: &str = "owner";
const ALL: &str = "all";
const SOME: &str = "some";

impl TryFrom<Vec<(String, String)>> for Typed {
    type Error = String;

    fn try_from(fields: Vec<(String, String)>) -> Result<Typed, String> {
        let mut fields = Fields(fields);
        let shop = |shop: String| shop.parse().map_err(|_| "a shop is named by its id");
        let shops = fields.all("shop_id").into_iter().map(shop);
        let typed = Typed {
            shops: shops.collect::<Result<_, _>>()?,
            address: fields.one("address")?,
            display_name: fields
                .one("display_name")?
                .ok_or("display_name is missing")?,
            access: fields.one("access")?.unwrap_or_default(),
        };
        fields.end()?;
        Ok(typed)
    }
}

/// How many shops are named where somebody's access is said.
const FEW: usize = 5;

/// The shops that are named then.
pub(crate) fn named(access: &Access) -> impl Iterator<Item = Uuid> {
    access.shop_ids.iter().flatten().copied().take(FEW)
}

/// What somebody may do, in a word or two.
pub(crate) fn said(access: &Access, shops: &Names) -> Markup {
    let names = |ids: &[Uuid]| {
        let names: Vec<&str> = ids
            .iter()
            .take(FEW)
            .filter_map(|id| shops.get(*id))
            .collect();
        match (names.is_empty(), ids.len().saturating_sub(FEW)) {
            (true, _) => "other shops".to_owned(),
            (false, 0) => names.join(", "),
            (false, others) => format!("{} and {others} more", names.join(", ")),
        }
    };
    html! {
        @match (access.role, &access.shop_ids) {
            (Role::Owner, _) => span.badge { "owner" },
            (Role::Member, None) => span.badge.plain { "all shops" },
            (Role::Member, Some(ids)) => span.badge.plain { (names(ids)) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shop_is_a_field_and_nothing_else_comes_twice() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let text = format!("display_name=Ada&access=some&shop_id={a}&shop_id={b}");
        let typed: Typed = serde_urlencoded::from_str(&text).unwrap();
        assert_eq!(typed.shops, [a, b]);
        for bad in [
            "access=all",
            "display_name=Ada&access=all&access=owner",
            "display_name=Ada&access=all&shop_id=1",
            "display_name=Ada&access=all&role=owner",
        ] {
            assert!(serde_urlencoded::from_str::<Typed>(bad).is_err(), "{bad}");
        }
    }
}
