//! Pages for people: forms and links, and no script but one that sends files. Each is a few lines over the handlers of the API, so
//! that what a page shows is what the API answers.

mod access;
mod account;
mod agent;
mod asked;
mod assets;
mod attachments;
pub(crate) mod back;
mod break_glass;
mod conversation;
mod customers;
mod development;
mod form;
mod inbox;
mod invitations;
mod landing;
mod layout;
mod links;
mod mail;
mod members;
mod names;
mod orders;
mod organizations;
pub mod refused;
mod second_factor;
mod settings;
mod show;
mod sign_in;
mod sign_on;
mod sso;
mod tokens;
mod visitor;
mod webhooks;

use axum::{
    Router,
    handler::Handler,
    http::Method,
    routing::{MethodFilter, on},
};

use crate::app::AppState;

pub use visitor::Peer;

/// The pages in the making, each known by its method and its path.
#[derive(Default)]
pub struct Pages {
    router: Router<AppState>,
    known: Vec<(Method, String)>,
}

impl Pages {
    /// Adds `GET path`.
    pub(crate) fn get<H: Handler<T, AppState>, T: 'static>(self, path: &str, handler: H) -> Pages {
        self.route((MethodFilter::GET, Method::GET), path, handler)
    }

    /// Adds `POST path`, which may change something: its form has to have the token.
    pub(crate) fn post<H: Handler<T, AppState>, T: 'static>(self, path: &str, handler: H) -> Pages {
        self.route((MethodFilter::POST, Method::POST), path, handler)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is where pages become routes"
    )]
    fn route<H: Handler<T, AppState>, T: 'static>(
        mut self,
        (filter, method): (MethodFilter, Method),
        path: &str,
        handler: H,
    ) -> Pages {
        self.known.push((method, path.to_owned()));
        Pages {
            router: self.router.route(path, on(filter, handler)),
            known: self.known,
        }
    }

    /// What a browser may ask for.
    pub fn known(&self) -> &[(Method, String)] {
        &self.known
    }

    pub(crate) fn into_router(self) -> Router<AppState> {
        self.router
    }
}

/// All pages.
pub fn pages() -> Pages {
    let pages = assets::routes(Pages::default());
    let pages = landing::routes(pages);
    let pages = sign_in::routes(pages);
    let pages = sso::routes(pages);
    let pages = break_glass::routes(pages);
    let pages = second_factor::routes(pages);
    let pages = mail::routes(pages);
    let pages = links::routes(pages);
    let pages = account::routes(pages);
    let pages = organizations::routes(pages);
    let pages = inbox::routes(pages);
    let pages = conversation::routes(pages);
    let pages = attachments::routes(pages);
    let pages = customers::routes(pages);
    let pages = orders::routes(pages);
    let pages = members::routes(pages);
    let pages = invitations::routes(pages);
    let pages = settings::routes(pages);
    let pages = tokens::routes(pages);
    let pages = webhooks::routes(pages);
    let pages = sign_on::routes(pages);
    development::routes(pages)
}
