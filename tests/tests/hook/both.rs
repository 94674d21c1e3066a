//! One test body, run on both connections.

/// In the body `$conn` is a scope of organisation A on `$db`; `go!` runs a query or a transaction,
/// `work!` is a transaction's closure, and `open!` is a connection in another declaration or scope.
macro_rules! both {
    ($(#[$meta:meta])* $name:ident, |$db:ident, $conn:ident| $body:block) => {
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            #[test]
            #[allow(unused_imports, unused_macros, unused_mut)]
            fn sync() {
                use diesel::{Connection, RunQueryDsl, SaveChangesDsl, connection::SimpleConnection};
                macro_rules! go {
                    ($e:expr) => {
                        $e
                    };
                }
                macro_rules! work {
                    ($c:ident => $b:block) => {
                        |$c: &mut _| $b
                    };
                }
                macro_rules! open {
                    ($at:ident, $tenancy:expr, $scope:expr) => {
                        weft_tenancy::OrgConn::new(Box::new($at.connect("app")), $tenancy, $scope)
                    };
                }
                let $db = weft_tests::Database::new();
                let mut $conn = $db.org(weft_tenancy::Scope::org(weft_tests::schema::A));
                $body
            }

            #[tokio::test]
            #[allow(unused_imports, unused_macros, unused_mut)]
            async fn asynchronous() {
                use diesel_async::{
                    AsyncConnection, RunQueryDsl, SaveChangesDsl, SimpleAsyncConnection,
                };
                macro_rules! go {
                    ($e:expr) => {
                        $e.await
                    };
                }
                macro_rules! work {
                    ($c:ident => $b:block) => {
                        async |$c: &mut _| $b
                    };
                }
                macro_rules! open {
                    ($at:ident, $tenancy:expr, $scope:expr) => {
                        weft_tenancy::AsyncOrgConn::new(
                            Box::new($at.connect_async("app").await),
                            $tenancy,
                            $scope,
                        )
                    };
                }
                let $db = weft_tests::Database::new();
                let scope = weft_tenancy::Scope::org(weft_tests::schema::A);
                let mut $conn = $db.org_async(scope).await;
                $body
            }
        }
    };
}

/// The kind of refusal that `$result` is.
macro_rules! refused {
    ($result:expr) => {{
        let error: diesel::result::Error = $result.map(drop).unwrap_err();
        weft_tenancy::Refusal::of(&error)
            .unwrap_or_else(|| panic!("not a refusal: {error:?}"))
            .kind()
    }};
}
