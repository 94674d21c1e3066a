//! One test body, run on both connections, with and without row-level security.

/// In the body `$conn` is a scope of organisation A on `$db`; after `hook alone:` there is no
/// row-level security; `go!` runs a query or a transaction,
/// `work!` is a transaction's closure, and `open!` is a connection in another declaration or scope.
macro_rules! both {
    ($(#[$meta:meta])* hook alone: $name:ident, |$db:ident, $conn:ident| $body:block) => {
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            synchronous!(sync, weft_tests::Database::new(), |$db, $conn| $body);
            asynchronous!(asynchronous, weft_tests::Database::new(), |$db, $conn| $body);
        }
    };
    ($(#[$meta:meta])* $name:ident, |$db:ident, $conn:ident| $body:block) => {
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            synchronous!(sync, weft_tests::Database::new(), |$db, $conn| $body);
            asynchronous!(asynchronous, weft_tests::Database::new(), |$db, $conn| $body);
            synchronous!(sync_secured, weft_tests::Database::secured(), |$db, $conn| $body);
            asynchronous!(async_secured, weft_tests::Database::secured(), |$db, $conn| $body);
        }
    };
}

macro_rules! synchronous {
    ($test:ident, $database:expr, |$db:ident, $conn:ident| $body:block) => {
        #[test]
        #[allow(unused_imports, unused_macros, unused_mut)]
        fn $test() {
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
                    $at.scoped(Box::new($at.connect("app")), $tenancy, $scope)
                };
            }
            let $db = $database;
            let mut $conn = $db.org(weft_tenancy::Scope::org(weft_tests::schema::A));
            $body
        }
    };
}

macro_rules! asynchronous {
    ($test:ident, $database:expr, |$db:ident, $conn:ident| $body:block) => {
        #[tokio::test]
        #[allow(unused_imports, unused_macros, unused_mut)]
        async fn $test() {
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
                    $at.scoped_async(Box::new($at.connect_async("app").await), $tenancy, $scope)
                };
            }
            let $db = $database;
            let scope = weft_tenancy::Scope::org(weft_tests::schema::A);
            let mut $conn = $db.org_async(scope).await;
            $body
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
