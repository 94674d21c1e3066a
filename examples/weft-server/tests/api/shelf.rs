//! A store as far as the server asks one, in memory on loopback: it can be made to fail in every way.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, Response, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use ring::digest::{SHA256, digest};
use tokio::net::TcpListener;

/// How the store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Well,
    /// It answers 500 to everything.
    Broken,
    /// It takes connections, and says nothing.
    Silent,
    /// It says more than anybody wants to hear.
    Endless,
    /// What it says is not HTTP.
    Garbled,
    /// It refuses its own server, as one with other credentials does.
    Refusing,
    /// It says of an object neither what it is nor how large.
    Vague,
}

#[derive(Clone)]
struct Object {
    kind: String,
    bytes: Vec<u8>,
    etag: u32,
    has_sum: bool,
}

struct Inside {
    objects: HashMap<String, Object>,
    mood: Mood,
    stuck: Option<String>,
    etag: u32,
    unsigned: usize,
}

#[derive(Clone)]
pub(crate) struct Shelf {
    origin: String,
    inside: Arc<Mutex<Inside>>,
}

impl Shelf {
    pub(crate) async fn start() -> Shelf {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shelf = Shelf {
            origin: format!("http://{}", listener.local_addr().unwrap()),
            inside: Arc::new(Mutex::new(Inside {
                objects: HashMap::new(),
                mood: Mood::Well,
                stuck: None,
                etag: 0,
                unsigned: 0,
            })),
        };
        let served = shelf.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(served.clone().serve(stream));
            }
        });
        shelf
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap()
    }

    pub(crate) fn is(&self, mood: Mood) {
        self.inside().mood = mood;
    }

    /// Deletes that one never.
    pub(crate) fn is_stuck_with(&self, key: &str) {
        self.inside().stuck = Some(key.to_owned());
    }

    /// What a browser sent there.
    pub(crate) fn put(&self, key: &str, kind: &str, bytes: &[u8]) {
        self.keep(key, kind, bytes, true);
    }

    /// The same in a store that computes no checksums.
    pub(crate) fn put_without_sum(&self, key: &str, kind: &str, bytes: &[u8]) {
        self.keep(key, kind, bytes, false);
    }

    fn keep(&self, key: &str, kind: &str, bytes: &[u8], has_sum: bool) {
        let mut inside = self.inside();
        inside.etag += 1;
        let object = Object {
            kind: kind.to_owned(),
            bytes: bytes.to_vec(),
            etag: inside.etag,
            has_sum,
        };
        inside.objects.insert(key.to_owned(), object);
    }

    pub(crate) fn lose(&self, key: &str) {
        self.inside().objects.remove(key);
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.inside().objects.contains_key(key)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.inside().objects.is_empty()
    }

    /// How many requests came without a signature.
    pub(crate) fn unsigned(&self) -> usize {
        self.inside().unsigned
    }

    async fn serve(self, mut stream: tokio::net::TcpStream) {
        let mood = self.inside().mood;
        if mood == Mood::Silent {
            return std::future::pending().await;
        }
        if mood == Mood::Garbled {
            let said = b"\x15\x03\x01\0\x02\x02\x16\r\n\r\n";
            drop(tokio::io::AsyncWriteExt::write_all(&mut stream, said).await);
            return;
        }
        let answer = service_fn(|request: Request<Incoming>| {
            let answer = self.answer(request.method(), request.uri().path(), request.headers());
            async move { Ok::<_, std::convert::Infallible>(answer) }
        });
        let stream = TokioIo::new(stream);
        let _ = http1::Builder::new().serve_connection(stream, answer).await;
    }

    fn answer(&self, method: &Method, path: &str, headers: &HeaderMap) -> Response<Body> {
        let mut inside = self.inside();
        let signed = headers.get(header::AUTHORIZATION);
        let signed = signed.and_then(|value| value.to_str().ok());
        if !signed.is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256 Credential=worker/")) {
            inside.unsigned += 1;
        }
        let plain = |status: u16| Response::builder().status(status);
        match inside.mood {
            Mood::Broken => return plain(500).body(Body::empty()).unwrap(),
            Mood::Refusing => return plain(403).body(Body::empty()).unwrap(),
            Mood::Vague => return plain(200).body(Body::empty()).unwrap(),
            _ => {}
        }
        let key = path.trim_start_matches("/attachments/");
        if method == Method::DELETE && inside.stuck.as_deref() == Some(key) {
            return plain(500).body(Body::empty()).unwrap();
        }
        if method == Method::DELETE {
            inside.objects.remove(key);
            return plain(204).body(Body::empty()).unwrap();
        }
        let Some(object) = inside.objects.get(key) else {
            return plain(404).body(Body::empty()).unwrap();
        };
        let mut answer = plain(200)
            .header(header::CONTENT_TYPE, &object.kind)
            .header(header::ETAG, format!("\"{}\"", object.etag));
        if object.has_sum {
            let sum = STANDARD.encode(digest(&SHA256, &object.bytes));
            answer = answer.header("x-amz-checksum-sha256", sum);
        }
        if method == Method::HEAD {
            let length = object.bytes.len();
            let answer = answer.header(header::CONTENT_LENGTH, length);
            return answer.body(Body::empty()).unwrap();
        }
        assert_eq!(headers["range"], "bytes=0-4095");
        let first = &object.bytes[..object.bytes.len().min(4096)];
        let body = match inside.mood {
            Mood::Endless => vec![b'x'; 10 << 20],
            _ => first.to_vec(),
        };
        answer.body(Body::from(body)).unwrap()
    }
}
