//! The closed world: what a guarded statement's expressions and clauses may consist of.

use crate::tree::Tree;

/// Whether a node is one whose meaning is that of what is within it.
///
/// Statements, FROM items, `IntoClause`, `CurrentOfExpr`, `LockingClause` and everything of DDL are
/// not: the walk that meets one of them where it does not expect it says so.
pub(crate) fn is_plain(node: &Tree) -> bool {
    match node.kind() {
        "TypeName" => node.number("pct_type") == 0,
        "AExpr" => plain_name(node.list("name")),
        "SortBy" => plain_name(node.list("use_op")),
        kind => PLAIN.contains(&kind),
    }
}

/// An operator of Postgres's own schema.
fn plain_name(name: &[Tree]) -> bool {
    match name {
        [schema, _] => schema.name() == Some("pg_catalog"),
        name => name.len() < 2,
    }
}

const PLAIN: [&str; 67] = [
    // values and names
    "AConst",
    "Alias",
    "BitString",
    "Boolean",
    "ColumnRef",
    "Float",
    "Integer",
    "List",
    "NamedArgExpr",
    "ParamRef",
    "String",
    // expressions
    "AArrayExpr",
    "AIndices",
    "AIndirection",
    "AStar",
    "BoolExpr",
    "BooleanTest",
    "CaseExpr",
    "CaseWhen",
    "CoalesceExpr",
    "CollateClause",
    "FuncCall",
    "GroupingFunc",
    "MinMaxExpr",
    "NullTest",
    "RowExpr",
    "SetToDefault",
    "SqlValueFunction",
    "SubLink",
    "TypeCast",
    // clauses
    "CteCycleClause",
    "CteSearchClause",
    "ColumnDef",
    "GroupingSet",
    "IndexElem",
    "InferClause",
    "MultiAssignRef",
    "RangeTableFuncCol",
    "ResTarget",
    "ReturningClause",
    "ReturningOption",
    "WindowDef",
    "DefElem",
    // XML and JSON
    "JsonAggConstructor",
    "JsonArgument",
    "JsonArrayAgg",
    "JsonArrayConstructor",
    "JsonArrayQueryConstructor",
    "JsonBehavior",
    "JsonFormat",
    "JsonFuncExpr",
    "JsonIsPredicate",
    "JsonKeyValue",
    "JsonObjectAgg",
    "JsonObjectConstructor",
    "JsonOutput",
    "JsonParseExpr",
    "JsonReturning",
    "JsonScalarExpr",
    "JsonSerializeExpr",
    "JsonTableColumn",
    "JsonTablePathSpec",
    "JsonTablePath",
    "JsonTablePathScan",
    "JsonValueExpr",
    "XmlExpr",
    "XmlSerialize",
];
