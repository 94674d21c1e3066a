//! Expressions and clauses: a closed world of constructs, functions, types and operators.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::{
    functions::{self, Verdict},
    names::{Path, decode, is_system_column, name, tokens},
    pass::Pass,
    sight::{Columns, Sight},
    tree::{child, has_token, is_query, only_child, unsupported},
    types,
};
use crate::{Refusal, RefusalKind};

impl<'t> Pass<'t> {
    /// Walks an expression or clause; queries within it are guarded.
    ///
    /// # Errors
    /// On any construct, function, type or operator that is not known to be safe.
    pub(super) fn walk(&mut self, node: &SyntaxNode, sight: &Sight<'_, 't>) -> Result<(), Refusal> {
        // Operator chains are deep on the left: the walk keeps its own stack.
        let mut open = vec![node.clone()];
        while let Some(node) = open.pop() {
            let kind = node.kind();
            if is_query(kind) {
                self.query(&node, sight)?;
                continue;
            }
            match kind {
                K::CALL_EXPR => self.call(&node)?,
                K::NAME_REF => value_keyword(&node)?,
                K::CAST_EXPR if has_token(&node, K::TREAT_KW) => return Err(unsupported(&node)),
                K::FIELD_EXPR => self.field(&node, sight)?,
                K::PATH_TYPE => self.path_type(&node)?,
                K::OP | K::SORT_USING => operator(&node)?,
                K::BETWEEN_EXPR if lacks_an_operand(&node) => return Err(behind_a_cast()),
                // With commas these two are ordinary calls, which a user's function can answer.
                K::OVERLAY_EXPRS => self.keyword_call("overlay", &node)?,
                K::SUBSTRING_EXPRS => self.keyword_call("substring", &node)?,
                _ if is_plain(kind) => {}
                _ => return Err(unsupported(&node)),
            }
            let skip = usize::from(kind == K::CALL_EXPR && is_callee(node.children().next()));
            open.extend(node.children().skip(skip));
        }
        Ok(())
    }

    pub(super) fn walk_children(
        &mut self,
        node: &SyntaxNode,
        sight: &Sight<'_, 't>,
    ) -> Result<(), Refusal> {
        node.children()
            .try_for_each(|child| self.walk(&child, sight))
    }

    /// `f(…)` and `schema.f(…)`.
    fn call(&self, node: &SyntaxNode) -> Result<(), Refusal> {
        let Some(arguments) = child(node, K::ARG_LIST) else {
            // EXTRACT, EXISTS, XMLPARSE and their kin are constructs of their own.
            return Ok(());
        };
        let callee = node
            .children()
            .next()
            .filter(|callee| is_callee(Some(callee.clone())))
            .ok_or_else(|| unsupported(node))?;
        if is_keyword_function(&callee) {
            return Ok(());
        }
        let path = Path::of(&callee)?;
        let direct = arguments.children().filter(|child| child.kind() == K::ARG);
        let variadic = direct
            .clone()
            .any(|argument| has_token(&argument, K::VARIADIC_KW));
        let ordered = child(node, K::WITHIN_CLAUSE).map_or(0, |within| {
            within
                .descendants()
                .filter(|n| n.kind() == K::SORT_BY)
                .count()
        });
        let mut count = (!variadic).then(|| direct.count() + ordered);
        let in_from = node.parent().is_some_and(|parent| {
            matches!(parent.kind(), K::FUNCTION_FROM_ITEM | K::ROWS_FROM_ARG)
        });
        if in_from && path.schema.is_none() && path.name == "unnest" {
            // In FROM each array of `unnest(a, b, …)` is unnested by itself.
            count = count.map(|count| count.min(1));
        }
        self.function(&path, count)
    }

    fn keyword_call(&self, name: &str, arguments: &SyntaxNode) -> Result<(), Refusal> {
        let path = Path {
            schema: None,
            name: name.to_owned(),
        };
        self.function(&path, Some(arguments.children().count()))
    }

    fn function(&self, path: &Path, arguments: Option<usize>) -> Result<(), Refusal> {
        let declared = self.tenancy.functions();
        let is_declared = self.is_declared(path, |name| declared.contains_key(name));
        let is_builtin = matches!(path.schema.as_deref(), None | Some("pg_catalog"))
            && functions::builtin(&path.name, arguments) == Verdict::Allowed;
        if is_declared || is_builtin {
            return Ok(());
        }
        let detail = format!("function {} is not on the list", path.display());
        Err(Refusal::new(RefusalKind::Function, detail))
    }

    /// A declared name that is bare is `public`'s; a bare call finds those of every schema.
    fn is_declared(&self, path: &Path, declared: impl Fn(&str) -> bool) -> bool {
        let name = &path.name;
        match path.schema.as_deref() {
            Some("public") => declared(name) || declared(&format!("public.{name}")),
            Some(schema) => declared(&format!("{schema}.{name}")),
            None => {
                let mut schemas = self.tenancy.schemas().iter();
                declared(name) || schemas.any(|schema| declared(&format!("{schema}.{name}")))
            }
        }
    }

    /// `base.field`: a column where one is listed, otherwise Postgres may read a call.
    fn field(&self, node: &SyntaxNode, sight: &Sight<'_, 't>) -> Result<(), Refusal> {
        if has_token(node, K::STAR) {
            return Ok(());
        }
        let mut parts = node.children();
        let (Some(base), Some(field)) = (parts.next(), parts.next()) else {
            return Err(unsupported(node));
        };
        let field = name(&field)?;
        if is_schema_of_a_path(node) {
            return Ok(());
        }
        let call = Path {
            schema: None,
            name: field,
        };
        // A refused name is refused even where a column bears it: what the base stands for is
        // Postgres's to decide, and it looks further than we do.
        if functions::builtin(&call.name, Some(1)) == Verdict::Refused {
            return self.function(&call, Some(1));
        }
        let is_column = self.tenancy.fields().contains(&call.name)
            || self.columns_of(&base, sight).is_some_and(|columns| {
                columns.names.contains(&call.name)
                    || is_system_column(&call.name)
                    || !(columns.complete || self.tenancy.knows_columns())
            });
        if is_column {
            return Ok(());
        }
        self.function(&call, Some(1)).map_err(|_| {
            let name = &call.name;
            let detail =
                format!("{name} after a dot is neither a known column nor a function on the list");
            Refusal::new(RefusalKind::Function, detail)
        })
    }

    /// The columns behind the base of a dot: those of an alias or table; unknown ones for a column
    /// in parentheses; nothing for any other expression.
    fn columns_of(&self, base: &SyntaxNode, sight: &Sight<'_, 't>) -> Option<Columns> {
        match base.kind() {
            K::NAME_REF | K::FIELD_EXPR => {
                let path = Path::of(base).ok()?;
                sight.item(&path).map(|item| item.columns.clone())
            }
            K::PAREN_EXPR => {
                let inner = only_child(base)?;
                match inner.kind() {
                    // In parentheses a column of that name comes before a row.
                    K::NAME_REF => {
                        let path = Path::of(&inner).ok()?;
                        let item = sight
                            .item(&path)
                            .filter(|_| !sight.may_be_column(&path.name));
                        Some(item.map_or(Columns::unknown(), |item| item.columns.clone()))
                    }
                    K::FIELD_EXPR => Some(Columns::unknown()),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn path_type(&self, node: &SyntaxNode) -> Result<(), Refusal> {
        let path = child(node, K::PATH_REF).ok_or_else(|| unsupported(node))?;
        let path = Path::of(&path)?;
        let declared = self.tenancy.types();
        let quoted = tokens(node)
            .next()
            .is_none_or(|token| token.text().contains('"'));
        let known = match path.schema.as_deref() {
            Some("pg_catalog") => types::is_catalog_type(&path.name),
            None => {
                let is_builtin = if quoted {
                    types::is_catalog_type
                } else {
                    types::is_builtin_type
                };
                is_builtin(&path.name) || self.is_declared(&path, |name| declared.contains(name))
            }
            Some(_) => self.is_declared(&path, |name| declared.contains(name)),
        };
        if known {
            Ok(())
        } else {
            Err(type_refusal(&path))
        }
    }
}

fn type_refusal(path: &Path) -> Refusal {
    let detail = format!("type {} is neither built in nor declared", path.display());
    Refusal::new(RefusalKind::Type, detail)
}

fn is_callee(node: Option<SyntaxNode>) -> bool {
    node.is_some_and(|node| matches!(node.kind(), K::NAME_REF | K::FIELD_EXPR))
}

/// `CURRENT_USER` and its kin tell about the session; those that tell the time are harmless.
fn value_keyword(node: &SyntaxNode) -> Result<(), Refusal> {
    let about_the_session = tokens(node).find(|token| {
        matches!(
            token.kind(),
            K::CURRENT_CATALOG_KW
                | K::CURRENT_ROLE_KW
                | K::CURRENT_SCHEMA_KW
                | K::CURRENT_USER_KW
                | K::SESSION_USER_KW
                | K::SYSTEM_USER_KW
                | K::USER_KW
        )
    });
    match about_the_session {
        None => Ok(()),
        Some(token) => {
            let detail = format!("{} tells about the session", token.text());
            Err(Refusal::new(RefusalKind::Function, detail))
        }
    }
}

/// Functions that the grammar itself knows, as keywords: a quoted name is another function.
fn is_keyword_function(callee: &SyntaxNode) -> bool {
    tokens(callee).all(|token| {
        matches!(
            token.kind(),
            K::COALESCE_KW
                | K::GREATEST_KW
                | K::GROUPING_KW
                | K::LEAST_KW
                | K::NULLIF_KW
                | K::XMLCONCAT_KW
                | K::CURRENT_TIME_KW
                | K::CURRENT_TIMESTAMP_KW
                | K::LOCALTIME_KW
                | K::LOCALTIMESTAMP_KW
        )
    })
}

/// `a.b` of `a.b.c` is not itself a value when it is a schema and a table.
fn is_schema_of_a_path(node: &SyntaxNode) -> bool {
    let is_base = node.parent().is_some_and(|parent| {
        parent.kind() == K::FIELD_EXPR && parent.children().next().as_ref() == Some(node)
    });
    is_base
        && node
            .children()
            .next()
            .is_some_and(|base| base.kind() == K::NAME_REF)
}

/// `OPERATOR(schema.op)`: Postgres's own schema is the only one.
fn operator(node: &SyntaxNode) -> Result<(), Refusal> {
    let mut schema = tokens(node).filter(|token| !token.text().is_empty());
    let qualified = node.descendants().any(|part| part.kind() == K::PATH_REF);
    if !qualified {
        return Ok(());
    }
    let first =
        schema.find(|token| !matches!(token.kind(), K::USING_KW | K::OPERATOR_KW | K::L_PAREN));
    match first.map(|token| decode(token.text())) {
        Some(Ok(schema)) if schema == "pg_catalog" => Ok(()),
        _ => Err(Refusal::new(
            RefusalKind::Operator,
            "an operator of a schema other than pg_catalog",
        )),
    }
}

/// Whether `node` is the BETWEEN of `a::t BETWEEN b AND c`, whose first operand the parser leaves
/// outside, as one expression more than there is.
pub(super) fn lacks_an_operand(node: &SyntaxNode) -> bool {
    node.kind() == K::BETWEEN_EXPR
        && node
            .first_token()
            .is_some_and(|token| matches!(token.kind(), K::BETWEEN_KW | K::NOT_KW))
        && node
            .first_child_or_token()
            .is_some_and(|first| first.as_token().is_some())
}

fn behind_a_cast() -> Refusal {
    Refusal::new(
        RefusalKind::UnsupportedSyntax,
        "BETWEEN right behind a cast: put the cast in parentheses",
    )
}

/// Everything that a guarded statement may consist of.
pub(super) fn is_known(kind: K) -> bool {
    is_plain(kind)
        || is_query(kind)
        || matches!(
            kind,
            K::INSERT
                | K::UPDATE
                | K::DELETE
                | K::OP
                | K::SORT_USING
                | K::PATH_TYPE
                | K::UNION
                | K::INTERSECT
                | K::EXCEPT
                | K::ROW_LIST
                | K::ROW
                | K::WITH_CLAUSE
                | K::WITH_TABLE
                | K::CTE_NAME
                | K::MATERIALIZED
                | K::NOT_MATERIALIZED
                | K::FROM_CLAUSE
                | K::USING_CLAUSE
                | K::WHERE_CLAUSE
                | K::LOCKING_CLAUSE
                | K::LOCKING_OF
                | K::FOR_UPDATE
                | K::FOR_NO_KEY_UPDATE
                | K::FOR_SHARE
                | K::FOR_KEY_SHARE
                | K::NOWAIT
                | K::SKIP_LOCKED
                | K::JOIN_EXPR
                | K::JOIN
                | K::JOIN_INNER
                | K::JOIN_LEFT
                | K::JOIN_RIGHT
                | K::JOIN_FULL
                | K::JOIN_CROSS
                | K::ON_CLAUSE
                | K::JOIN_USING_CLAUSE
                | K::TABLESAMPLE_CLAUSE
                | K::RELATION_FROM_ITEM
                | K::PAREN_FROM_ITEM
                | K::FUNCTION_FROM_ITEM
                | K::EXPR_FROM_ITEM
                | K::ROWS_FROM_ITEM
                | K::XML_TABLE_FROM_ITEM
                | K::JSON_TABLE_FROM_ITEM
                | K::RELATION_NAME
                | K::RELATION_NAME_REF
                | K::OPTIONAL_AS_ALIAS
                | K::COLUMN_TARGET_LIST
                | K::COLUMN_TARGET
                | K::OVERRIDING_SYSTEM_VALUE
                | K::OVERRIDING_USER_VALUE
                | K::ON_CONFLICT_CLAUSE
                | K::CONFLICT_ON_CONSTRAINT
                | K::CONFLICT_ON_INDEX
                | K::CONSTRAINT_NAME_REF
                | K::CONFLICT_INDEX_ITEM_LIST
                | K::CONFLICT_INDEX_ITEM
                | K::OP_CLASS_REF
                | K::CONFLICT_DO_NOTHING
                | K::CONFLICT_DO_UPDATE_SET
                | K::SET_CLAUSE
                | K::SET_COLUMN_LIST
                | K::SET_SINGLE_COLUMN
                | K::SET_MULTIPLE_COLUMNS
        )
}

/// Constructs that are safe when what is within them is.
fn is_plain(kind: K) -> bool {
    matches!(
        kind,
        // values and references
        K::LITERAL | K::NAME_REF | K::ARG_LIST | K::ARG | K::NAMED_ARG | K::PARAM_NAME_REF
        | K::CALL_EXPR | K::CAST_EXPR | K::FIELD_EXPR | K::INDEX_EXPR | K::SLICE_EXPR
        | K::ARRAY_EXPR | K::PAREN_EXPR | K::TUPLE_EXPR | K::COLLATE | K::COLLATION_REF
        | K::PATH_REF | K::PATH_SEGMENT_REF
        // operators
        | K::BIN_EXPR | K::PREFIX_EXPR | K::POSTFIX_EXPR | K::BETWEEN_EXPR | K::CUSTOM_OP
        | K::OPERATOR_CALL | K::COLON_COLON | K::AT_LOCAL | K::AT_TIME_ZONE | K::SYMMETRIC
        | K::ASYMMETRIC | K::IS_DISTINCT_FROM | K::IS_NOT | K::IS_NOT_DISTINCT_FROM
        | K::IS_NORMALIZED | K::IS_NOT_NORMALIZED | K::UNICODE_NORMAL_FORM | K::NOT_IN
        | K::NOT_LIKE | K::NOT_ILIKE | K::SIMILAR_TO | K::NOT_SIMILAR_TO | K::IS_JSON
        | K::IS_JSON_ARRAY | K::IS_JSON_OBJECT | K::IS_JSON_SCALAR | K::IS_JSON_VALUE
        | K::IS_NOT_JSON | K::IS_NOT_JSON_ARRAY | K::IS_NOT_JSON_OBJECT | K::IS_NOT_JSON_SCALAR
        | K::IS_NOT_JSON_VALUE
        // types
        | K::ARRAY_TYPE | K::ARRAY_BOUND | K::BIT_TYPE | K::BIT_VARYING_TYPE | K::CHARACTER_TYPE
        | K::DOUBLE_TYPE | K::INTERVAL_TYPE | K::TIME_TYPE | K::TIMESTAMP_TYPE | K::VARCHAR_TYPE
        | K::WITH_TIMEZONE | K::WITHOUT_TIMEZONE | K::INTERVAL_YEAR | K::INTERVAL_MONTH
        | K::INTERVAL_DAY | K::INTERVAL_HOUR | K::INTERVAL_MINUTE | K::INTERVAL_SECOND
        // CASE
        | K::CASE_EXPR | K::WHEN_CLAUSE_LIST | K::WHEN_CLAUSE | K::ELSE_CLAUSE
        // functions with a syntax of their own
        | K::ALL_FN | K::ANY_FN | K::SOME_FN | K::EXISTS_FN | K::COLLATION_FOR_FN
        | K::EXTRACT_FN | K::EXTRACT_FIELD_NAME | K::EXTRACT_FIELD_LITERAL
        | K::OVERLAY_FN | K::OVERLAY_PLACING | K::OVERLAY_EXPRS | K::POSITION_FN
        | K::SUBSTRING_FN | K::SUBSTRING_EXPRS | K::SUBSTRING_FOR_FROM | K::SUBSTRING_FROM_FOR
        | K::SUBSTRING_SIMILAR_ESCAPE | K::TRIM_FN | K::TRIM_BOTH | K::TRIM_LEADING
        | K::TRIM_TRAILING | K::TRIM_FROM | K::TRIM_EXPR_FROM | K::TRIM_EXPRS
        // aggregates and windows
        | K::DISTINCT | K::ALL | K::WITHIN_CLAUSE | K::FILTER_CLAUSE | K::OVER_CLAUSE
        | K::OVER_WINDOW_SPEC | K::WINDOW | K::WINDOW_CLAUSE | K::WINDOW_DEF | K::WINDOW_REF
        | K::WINDOW_SPEC | K::PARTITION_BY_CLAUSE | K::IGNORE_NULLS | K::RESPECT_NULLS
        | K::FRAME_CLAUSE | K::FRAME_BETWEEN | K::FRAME_EXCLUDE | K::FRAME_GROUPS
        | K::FRAME_RANGE | K::FRAME_ROWS | K::CURRENT_ROW | K::EXPR_FOLLOWING
        | K::EXPR_PRECEDING | K::UNBOUNDED_FOLLOWING | K::UNBOUNDED_PRECEDING | K::GROUP
        | K::TIES | K::NO_OTHERS
        // clauses of a query
        | K::SELECT_CLAUSE | K::TARGET_LIST | K::TARGET | K::AS_NAME | K::COLUMN_NAME
        | K::DISTINCT_CLAUSE | K::DISTINCT_ON | K::GROUP_BY_CLAUSE | K::GROUP_BY_LIST
        | K::GROUPING_CUBE | K::GROUPING_EXPR | K::GROUPING_ROLLUP | K::GROUPING_SETS
        | K::HAVING_CLAUSE | K::ORDER_BY_CLAUSE | K::SORT_BY_LIST | K::SORT_BY | K::SORT_ASC
        | K::SORT_DESC | K::NULLS_FIRST | K::NULLS_LAST | K::LIMIT_CLAUSE | K::OFFSET_CLAUSE
        | K::FETCH_CLAUSE | K::FETCH_ONLY | K::WITH_TIES | K::SEARCH_CLAUSE | K::SEARCH_COLUMNS
        | K::SEARCH_SET_COLUMN | K::BREADTH_FIRST | K::DEPTH_FIRST | K::CYCLE_CLAUSE
        | K::CYCLE_COLUMNS | K::CYCLE_COLUMN_TO | K::CYCLE_DEFAULT | K::CYCLE_PATH
        | K::CYCLE_SET_COLUMN | K::COLUMN_NAME_REF | K::COLUMN_REF_LIST
        // FROM
        | K::FROM_ALIAS | K::TABLE_ALIAS | K::COLUMN_LIST | K::COLUMN_DEF_LIST | K::COLUMN_DEF
        | K::WITH_ORDINALITY | K::ROWS_FROM_ARG | K::REPEATABLE_CLAUSE | K::REQUIRED_AS_ALIAS
        // SET and RETURNING
        | K::SET_EXPR | K::SET_EXPR_LIST | K::RETURNING_CLAUSE | K::RETURNING_OPTION_LIST
        | K::RETURNING_OLD | K::RETURNING_NEW | K::INDEX_ACCESSOR | K::SLICE_ACCESSOR
        | K::FIELD_ACCESSOR | K::COMPOSITE_FIELD_REF
    ) || is_plain_json(kind)
        || is_plain_xml(kind)
}

fn is_plain_json(kind: K) -> bool {
    matches!(
        kind,
        K::JSON_FN
            | K::JSON_SCALAR_FN
            | K::JSON_SERIALIZE_FN
            | K::JSON_ARRAY_FN
            | K::JSON_ARRAY_AGG_FN
            | K::JSON_OBJECT_FN
            | K::JSON_OBJECT_AGG_FN
            | K::JSON_QUERY_FN
            | K::JSON_VALUE_FN
            | K::JSON_EXISTS_FN
            | K::JSON_EXPR_FORMAT
            | K::JSON_SELECT_FORMAT
            | K::JSON_FORMAT_CLAUSE
            | K::JSON_ENCODING
            | K::JSON_ENCODING_CLAUSE
            | K::JSON_KEY_VALUE
            | K::JSON_VALUE_EXPR
            | K::JSON_NULL_ON_NULL
            | K::JSON_ABSENT_ON_NULL
            | K::JSON_RETURNING_CLAUSE
            | K::JSON_WITH_UNIQUE_KEYS
            | K::JSON_WITHOUT_UNIQUE_KEYS
            | K::JSON_PASSING_CLAUSE
            | K::JSON_PASSING_ARG
            | K::JSON_VARIABLE_NAME
            | K::JSON_ON_ERROR_CLAUSE
            | K::JSON_ON_EMPTY_CLAUSE
            | K::JSON_BEHAVIOR_DEFAULT
            | K::JSON_BEHAVIOR_ERROR
            | K::JSON_BEHAVIOR_NULL
            | K::JSON_BEHAVIOR_TRUE
            | K::JSON_BEHAVIOR_FALSE
            | K::JSON_BEHAVIOR_UNKNOWN
            | K::JSON_BEHAVIOR_EMPTY_ARRAY
            | K::JSON_BEHAVIOR_EMPTY_OBJECT
            | K::JSON_WITH_CONDITIONAL_WRAPPER
            | K::JSON_WITH_UNCONDITIONAL_WRAPPER
            | K::JSON_WITHOUT_WRAPPER
            | K::JSON_QUOTES_CLAUSE
            | K::KEEP_QUOTES
            | K::OMIT_QUOTES
            | K::ON_SCALAR_STRING
            | K::JSON_TABLE
            | K::JSON_TABLE_COLUMN_LIST
            | K::JSON_TABLE_ORDINALITY_COLUMN
            | K::JSON_TABLE_VALUE_COLUMN
            | K::JSON_TABLE_EXISTS_COLUMN
            | K::JSON_TABLE_NESTED_COLUMN
            | K::JSON_PATH_CLAUSE
            | K::JSON_PATH_NAME
            | K::JSON_PATH_NAME_CLAUSE
    )
}

fn is_plain_xml(kind: K) -> bool {
    matches!(
        kind,
        K::XML_ELEMENT_FN
            | K::XML_FOREST_FN
            | K::XML_PARSE_FN
            | K::XML_PI_FN
            | K::XML_PI_TARGET
            | K::XML_ROOT_FN
            | K::XML_SERIALIZE_FN
            | K::XML_EXISTS_FN
            | K::XML_ATTR
            | K::XML_CONTENT
            | K::XML_DOCUMENT
            | K::XML_PASSING_DOC
            | K::XML_PASSING_MECH_BY_REF
            | K::XML_PASSING_MECH_BY_VALUE
            | K::XML_ROW_PASSING_CLAUSE
            | K::XML_TABLE
            | K::XML_TABLE_COLUMN
            | K::XML_TABLE_COLUMN_LIST
            | K::XML_COLUMN_OPTION_LIST
            | K::XML_VERSION_EXPR
            | K::XML_VERSION_NO_VALUE
            | K::XML_NAMESPACE_LIST
            | K::XML_NAMESPACE
            | K::XML_NAMESPACE_PREFIX
            | K::STANDALONE_NO
            | K::STANDALONE_NO_VALUE
            | K::STANDALONE_YES
            | K::INDENT
            | K::NO_INDENT
            | K::PRESERVE_WHITESPACE
            | K::STRIP_WHITESPACE
            | K::ELEMENT_TAG
            | K::EXPR_AS_ELEMENT_TAG
            | K::EXPR_AS_ELEMENT_TAG_LIST
            | K::EXPR_AS_XML_ATTR
            | K::EXPR_AS_XML_ATTR_LIST
            | K::OPTION_DEFAULT
            | K::OPTION_PATH
            | K::OPTION_NOT_NULL
            | K::OPTION_NULL
    )
}
