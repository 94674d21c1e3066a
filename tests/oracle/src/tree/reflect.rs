//! Any serialisable value as a [`Tree`].

use std::fmt;

use serde::{
    Serialize,
    ser::{self, Serializer},
};

use super::Tree;

/// Reads `value` by what it says of itself.
///
/// # Errors
/// When it holds what a parse tree does not, such as a map.
pub(super) fn reflect(value: &impl Serialize) -> Result<Tree, String> {
    value.serialize(Reflection).map_err(|Foreign(what)| what)
}

struct Reflection;

#[derive(Debug)]
struct Foreign(String);

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Foreign {}

impl ser::Error for Foreign {
    fn custom<T: fmt::Display>(message: T) -> Foreign {
        Foreign(message.to_string())
    }
}

fn foreign<T>(what: &str) -> Result<T, Foreign> {
    Err(Foreign(format!("a parse tree holds no {what}")))
}

/// Where in the text a node stood.
fn is_position(field: &str) -> bool {
    field.ends_with("location")
        || matches!(
            field,
            "stmt_len" | "list_start" | "list_end" | "rexpr_list_start" | "rexpr_list_end"
        )
}

struct Items(Vec<Tree>);

impl ser::SerializeSeq for Items {
    type Ok = Tree;
    type Error = Foreign;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Foreign> {
        self.0.push(value.serialize(Reflection)?);
        Ok(())
    }

    fn end(self) -> Result<Tree, Foreign> {
        Ok(if self.0.is_empty() {
            Tree::Nothing
        } else {
            Tree::List(self.0)
        })
    }
}

struct Fields(&'static str, Vec<(&'static str, Tree)>);

impl ser::SerializeStruct for Fields {
    type Ok = Tree;
    type Error = Foreign;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Foreign> {
        if !is_position(name) {
            let value = value.serialize(Reflection)?;
            if value != Tree::Nothing {
                self.1.push((name, value));
            }
        }
        Ok(())
    }

    fn end(mut self) -> Result<Tree, Foreign> {
        // `Node` is only the box that any other node may come in.
        if self.0 == "Node" {
            return Ok(self.1.pop().map_or(Tree::Nothing, |(_, tree)| tree));
        }
        self.1.sort_by_key(|(field, _)| *field);
        Ok(Tree::Node(self.0, self.1))
    }
}

macro_rules! numbers {
    ($($method:ident($type:ty))*) => {
        $(fn $method(self, value: $type) -> Result<Tree, Foreign> {
            let value = i64::try_from(value).map_err(|_| Foreign("a number too large".to_owned()))?;
            Ok(if value == 0 { Tree::Nothing } else { Tree::Number(value) })
        })*
    };
}

impl Serializer for Reflection {
    type Ok = Tree;
    type Error = Foreign;
    type SerializeSeq = Items;
    type SerializeTuple = ser::Impossible<Tree, Foreign>;
    type SerializeTupleStruct = ser::Impossible<Tree, Foreign>;
    type SerializeTupleVariant = ser::Impossible<Tree, Foreign>;
    type SerializeMap = ser::Impossible<Tree, Foreign>;
    type SerializeStruct = Fields;
    type SerializeStructVariant = ser::Impossible<Tree, Foreign>;

    numbers! {
        serialize_bool(bool)
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64)
    }

    fn serialize_str(self, value: &str) -> Result<Tree, Foreign> {
        Ok(if value.is_empty() {
            Tree::Nothing
        } else {
            Tree::Text(value.to_owned())
        })
    }

    fn serialize_none(self) -> Result<Tree, Foreign> {
        Ok(Tree::Nothing)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Tree, Foreign> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Tree, Foreign> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<Tree, Foreign> {
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Items, Foreign> {
        Ok(Items(Vec::with_capacity(length.unwrap_or_default())))
    }

    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Fields, Foreign> {
        Ok(Fields(name, Vec::with_capacity(length)))
    }

    fn serialize_f32(self, _: f32) -> Result<Tree, Foreign> {
        foreign("float")
    }

    fn serialize_f64(self, _: f64) -> Result<Tree, Foreign> {
        foreign("float")
    }

    fn serialize_char(self, _: char) -> Result<Tree, Foreign> {
        foreign("character")
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<Tree, Foreign> {
        foreign("bytes")
    }

    fn serialize_unit(self) -> Result<Tree, Foreign> {
        foreign("unit")
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<Tree, Foreign> {
        Ok(Tree::Node(name, Vec::new()))
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
    ) -> Result<Tree, Foreign> {
        foreign("bare variant")
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Foreign> {
        foreign("tuple")
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Foreign> {
        foreign("tuple")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Foreign> {
        foreign("tuple")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Foreign> {
        foreign("map")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Foreign> {
        foreign("struct variant")
    }
}
