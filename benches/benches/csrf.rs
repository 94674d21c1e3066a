//! What does it cost to check a request for forgery, and to make a token?

#![allow(missing_docs, clippy::print_stdout)]

use std::error::Error;
use std::hint::black_box;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue, Method};
use weft_auth::Origin;
use weft_auth::cookie::Cookie;
use weft_auth::csrf::{Binding, Csrf};
use weft_benches::in_turns;

fn main() -> Result<(), Box<dyn Error>> {
    let keys = [
        "2026-05:q1nBxgk0v9mVbS2m3yD4rC5tE6uF7wG8hJ9kL0mN1oQ=",
        "2026-11:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    ];
    let own = Origin::parse("https://app.example.com")?;
    let csrf = Csrf::new(own, keys.join(" ").parse()?)?;
    let session = Cookie::new("__Host-session")?;
    let cookie = "theme=dark; __Host-session=q1nBxgk0v9mVbS2m3yD4rC5tE6uF7wG8hJ9kL0mN1oQ";

    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, HeaderValue::from_static(cookie));
    let origin = HeaderValue::from_static("https://app.example.com");
    headers.insert("origin", origin);
    let token = csrf.token(&Binding::of(&session, &headers)?)?;
    let submitted = token.as_str();
    let right = with_token(&headers, cookie, submitted)?;
    // Good in both places, of another session: all of the work, and a refusal.
    let other = csrf.token(&Binding::anonymous())?;
    let wrong = with_token(&headers, cookie, other.as_str())?;

    let check = |headers: &HeaderMap, submitted: &str| {
        let binding = Binding::of(&session, black_box(headers)).expect("one cookie");
        let checked = csrf.check(&Method::POST, headers, &binding, Some(submitted));
        black_box(checked).is_ok()
    };
    let [right, wrong, made] = in_turns(
        401,
        2_000,
        [
            &mut |calls| (0..calls).for_each(|_| assert!(check(&right, submitted))),
            &mut |calls| (0..calls).for_each(|_| assert!(!check(&wrong, other.as_str()))),
            &mut |calls| {
                for _ in 0..calls {
                    let made = csrf.token(&Binding::anonymous());
                    black_box(made).expect("randomness");
                }
            },
        ],
    );
    println!("a right request: {:.3} µs", right.wall());
    println!("one of another session: {:.3} µs", wrong.wall());
    println!("a new token: {:.3} µs", made.wall());
    Ok(())
}

fn with_token(headers: &HeaderMap, cookie: &str, token: &str) -> Result<HeaderMap, Box<dyn Error>> {
    let mut headers = headers.clone();
    let cookie = format!("{cookie}; __Host-csrf={token}");
    headers.insert(COOKIE, HeaderValue::try_from(cookie)?);
    Ok(headers)
}
