//! Routes and their description, in one: an operation that is not described cannot be routed.

use std::collections::BTreeMap;

use axum::{
    Router,
    handler::Handler,
    routing::{MethodFilter, on},
};
use serde_json::{Map, Value, json};

use crate::{
    app::AppState,
    describe::{Describe, Parameters, Schemas},
};

/// The API in the making.
pub struct Api {
    router: Router<AppState>,
    paths: BTreeMap<String, Map<String, Value>>,
    schemas: Schemas,
}

/// What one route does.
pub struct Operation {
    id: &'static str,
    summary: &'static str,
    public: bool,
    rated: bool,
    parameters: Vec<Value>,
    body: Option<Value>,
    status: u16,
    answer: Option<Value>,
    schemas: Schemas,
}

impl Operation {
    /// An operation that answers 204, named once in the whole API.
    pub fn new(id: &'static str, summary: &'static str) -> Operation {
        Operation {
            id,
            summary,
            public: false,
            rated: false,
            parameters: Vec::new(),
            body: None,
            status: 204,
            answer: None,
            schemas: Schemas::new(),
        }
    }

    /// It needs no token.
    pub fn public(mut self) -> Operation {
        self.public = true;
        self
    }

    /// It may be done so often, and is answered with 429 beyond that.
    pub fn rated(mut self) -> Operation {
        self.rated = true;
        self
    }

    /// It reads these parameters of the query string.
    pub fn query<Q: Parameters>(mut self) -> Operation {
        for (name, schema) in Q::parameters(&mut self.schemas) {
            self.parameters.push(json!({
                "name": name, "in": "query", "required": false, "schema": schema,
            }));
        }
        self
    }

    /// It reads this body.
    pub fn body<B: Describe>(mut self) -> Operation {
        let schema = B::describe(&mut self.schemas);
        self.body = Some(json!({
            "required": true,
            "content": { "application/json": { "schema": schema } },
        }));
        self
    }

    /// It answers with this.
    pub fn answers<A: Describe>(mut self, status: u16) -> Operation {
        self.status = status;
        self.answer = Some(A::describe(&mut self.schemas));
        self
    }

    fn describe(mut self, path: &str, schemas: &mut Schemas) -> Value {
        schemas.append(&mut self.schemas);
        let named = path
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split_once('}'));
        let in_path = named.map(|(name, _)| {
            json!({
                "name": name, "in": "path", "required": true,
                "schema": { "type": "string", "format": "uuid" },
            })
        });
        let parameters: Vec<Value> = in_path.chain(self.parameters).collect();
        let mut good = json!({ "description": "Done" });
        if let Some(schema) = self.answer {
            good["content"] = json!({ "application/json": { "schema": schema } });
        }
        if self.status == 201 {
            good["headers"] = json!({ "Location": { "schema": { "type": "string" } } });
        }
        let mut operation = json!({
            "operationId": self.id,
            "summary": self.summary,
            "parameters": parameters,
            "responses": {
                self.status.to_string(): good,
                "default": { "$ref": "#/components/responses/Problem" },
            },
        });
        if let Some(body) = self.body {
            operation["requestBody"] = body;
        }
        if self.rated {
            operation["responses"]["429"] = json!({ "$ref": "#/components/responses/Problem" });
        }
        if self.public {
            operation["security"] = json!([]);
        }
        operation
    }
}

impl Api {
    /// An API without routes.
    pub fn new() -> Api {
        Api {
            router: Router::new(),
            paths: BTreeMap::new(),
            schemas: Schemas::new(),
        }
    }

    /// Adds `GET path`.
    pub fn get<H: Handler<T, AppState>, T: 'static>(
        self,
        path: &str,
        handler: H,
        operation: Operation,
    ) -> Api {
        self.route(MethodFilter::GET, "get", path, handler, operation)
    }

    /// Adds `POST path`.
    pub fn post<H: Handler<T, AppState>, T: 'static>(
        self,
        path: &str,
        handler: H,
        operation: Operation,
    ) -> Api {
        self.route(MethodFilter::POST, "post", path, handler, operation)
    }

    /// Adds `PATCH path`.
    pub fn patch<H: Handler<T, AppState>, T: 'static>(
        self,
        path: &str,
        handler: H,
        operation: Operation,
    ) -> Api {
        self.route(MethodFilter::PATCH, "patch", path, handler, operation)
    }

    /// Adds `DELETE path`.
    pub fn delete<H: Handler<T, AppState>, T: 'static>(
        self,
        path: &str,
        handler: H,
        operation: Operation,
    ) -> Api {
        self.route(MethodFilter::DELETE, "delete", path, handler, operation)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is where operations become routes"
    )]
    fn route<H: Handler<T, AppState>, T: 'static>(
        mut self,
        filter: MethodFilter,
        method: &str,
        path: &str,
        handler: H,
        operation: Operation,
    ) -> Api {
        let described = operation.describe(path, &mut self.schemas);
        self.paths
            .entry(path.to_owned())
            .or_default()
            .insert(method.to_owned(), described);
        self.router = self.router.route(path, on(filter, handler));
        self
    }

    /// The routes, and the document that describes them.
    pub fn finish(self) -> (Router<AppState>, Value) {
        let document = json!({
            "openapi": "3.1.0",
            "info": {
                "title": "weft-server",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "A shared inbox for commerce. A bearer token says which organisation, \
                                and which of its shops, every request sees; nothing else does.",
                "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
            },
            "servers": [{ "url": "/" }],
            "security": [{ "bearer": [] }],
            "paths": self.paths,
            "components": {
                "schemas": self.schemas,
                "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } },
                "responses": {
                    "Problem": {
                        "description": "It was not done, and why (RFC 9457)",
                        "content": {
                            "application/problem+json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {
                                        "type": { "type": "string" },
                                        "title": { "type": "string" },
                                        "status": { "type": "integer" },
                                        "detail": { "type": "string" },
                                    },
                                    "required": ["type", "title", "status", "detail"],
                                },
                            },
                        },
                    },
                },
            },
        });
        (self.router, document)
    }
}

impl Default for Api {
    fn default() -> Api {
        Api::new()
    }
}
