//! Who is this, decided without leaking who exists.
//!
//! This crate is a name and a promise; there is no code in it yet. It will hold Argon2id passwords
//! with rehash on verify, server-side sessions (the cookie holds the token, the database its
//! SHA-256), single-use magic links of 15 minutes, TOTP, single sign-on through `WorkOS`, CSRF
//! protection and browser headers: decisions as pure functions of their inputs, with the clock and
//! the randomness as arguments, and one path of authentication whose work does not depend on whether
//! an account exists.
//!
//! It will not route requests, render pages or send mail.
