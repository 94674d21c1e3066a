//! Signing in through one's organisation, at a local WorkOS on the loopback that is stricter than the real
//! one.

mod endings;
mod faults;
mod settings;
mod signing_in;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::http::{Request, header};
use weft_auth::sso::{
    Setup,
    fake::{Fake, Listener, Person},
};
use weft_server::{app, client::Client, keys::Keys, single_sign_on::SingleSignOn, site::Site};

use super::signed_in;
use crate::{
    browser::{Browser, Page},
    stage::{KEYS, ORIGIN, Stage},
};

const OWNER: &str = "aiko@kumo-ceramics.example";
const REN: &str = "ren@kumo-ceramics.example";
const EVE: &str = "eve@kumo-ceramics.example";
const DOMAIN: &str = "kumo-ceramics.example";
const HERE: &str = "/o/kumo-ceramics/sign-on";
const SECRET: &str = "whsec_one secret that WorkOS has of the server";
const CALLBACK: &str = "/sign-in/sso/callback";

/// A stage where single sign-on is set up, and the WorkOS that it asks.
struct World {
    stage: Stage,
    fake: Arc<Fake>,
    _listener: Listener,
}

impl World {
    /// One where the organisation's plan has it, and nothing else is done.
    fn new(stage: &Stage) -> World {
        let fake = Arc::new(Fake::new("client_1", "sk_test_1", SystemTime::now()));
        fake.allow_redirect(&format!("{ORIGIN}{CALLBACK}"));
        fake.set_up("conn_1", &[DOMAIN]);
        let listener = Listener::start(fake.clone()).unwrap();
        let stage = asking(stage, &format!("http://{}", listener.address()));
        let world = World {
            stage,
            fake,
            _listener: listener,
        };
        world.pays(true);
        world
    }

    /// The same, with a connection and a proved domain.
    async fn set_up(stage: &Stage) -> World {
        let world = World::new(stage);
        let mut owner = signed_in(&world.stage, OWNER).await;
        owner.visit(HERE).await;
        let page = owner.submit(HERE, &[]).await;
        assert_eq!(page.path, HERE, "{page:?}");
        for setup in [Setup::Connection, Setup::Domains] {
            let portal = format!("{HERE}/portal");
            owner.submit(&portal, &[("part", setup.name())]).await;
            let back = world.follow(&away(&owner.page));
            assert_eq!(back, HERE);
            owner.visit(&back).await;
        }
        let page = owner.submit(&format!("{HERE}/refresh"), &[]).await;
        assert!(
            page.text.contains("active") && page.text.contains("proved"),
            "{page:?}"
        );
        world
    }

    fn execute(&self, sql: &str) {
        let database: &weft_embedded::Database = &self.stage.database;
        database.execute(sql).unwrap();
    }

    fn pays(&self, enterprise: bool) {
        let code = if enterprise { "enterprise" } else { "team" };
        self.execute(&format!(
            "UPDATE organizations SET plan_id = (SELECT id FROM plans WHERE code = '{code}') \
             WHERE slug = 'kumo-ceramics'"
        ));
    }

    /// The organisation at WorkOS.
    fn organization(&self) -> String {
        let bound = "SELECT workos_organization FROM organizations WHERE slug = 'kumo-ceramics'";
        self.stage.database.query(bound).unwrap()[0][0]
            .clone()
            .unwrap()
    }

    /// The path here to which the address of another site leads.
    fn follow(&self, url: &str) -> String {
        let answer = self
            .fake
            .handle(Request::get(url).body(Vec::new()).unwrap());
        let back = answer.headers()[header::LOCATION].to_str().unwrap();
        back.strip_prefix(ORIGIN).unwrap().to_owned()
    }

    /// Begins in `browser`, and says where the identity provider sends it back to.
    async fn begin(&self, browser: &mut Browser, address: &str) -> String {
        self.stage.after_a_while();
        browser.visit("/sign-in/sso").await;
        browser.submit("/sign-in/sso", &[("email", address)]).await;
        self.follow(&away(&browser.page))
    }

    /// Signs somebody in who is `person` there.
    async fn sign_in(&self, browser: &mut Browser, person: Person) {
        let address = person.email.clone();
        self.fake.sign_in(person);
        let back = self.begin(browser, &address).await;
        browser.visit(&back).await;
    }

    /// A browser of somebody who may sign in so.
    async fn browser_of(&self, address: &str) -> Browser {
        let mut browser = signed_in(&self.stage, address).await;
        self.sign_in(&mut browser, person(address)).await;
        assert_eq!(
            browser.page.path, "/o/kumo-ceramics/inbox",
            "{:?}",
            browser.page
        );
        browser
    }

    /// Delivers what WorkOS tells, and says how that was answered.
    async fn tell(&self) -> Vec<u16> {
        let mut statuses = Vec::new();
        for webhook in self.fake.deliver(SECRET) {
            let mut request = Request::post("/webhooks/workos");
            *request.headers_mut().unwrap() = webhook.headers;
            let request = request.body(webhook.body.into()).unwrap();
            statuses.push(self.stage.send(request).await.status.as_u16());
        }
        statuses
    }

    /// All that is kept of people.
    fn kept(&self) -> Vec<Vec<Option<String>>> {
        let tables = [
            "auth_accounts",
            "auth_identities",
            "auth_sessions",
            "memberships",
            "invitations",
        ];
        let dump = |table: &&str| {
            format!(
                "SELECT '{table}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} AS t"
            )
        };
        let dumps: Vec<_> = tables.iter().map(dump).collect();
        self.stage
            .database
            .query(&dumps.join(" UNION ALL "))
            .unwrap()
    }

    fn count(&self, table: &str) -> String {
        let count = format!("SELECT count(*) FROM {table}");
        self.stage.database.query(&count).unwrap()[0][0]
            .clone()
            .unwrap()
    }
}

/// The same stage with a WorkOS at that address.
fn asking(stage: &Stage, url: &str) -> Stage {
    let keys: Keys = KEYS.parse().unwrap();
    let site = Site::new(ORIGIN, &keys).unwrap();
    let client = Client::new().unwrap().within(Duration::from_millis(500));
    let workos = SingleSignOn::new(("client_1", "sk_test_1"), Some(url), &site, client);
    let workos = workos.and_then(|workos| workos.told(SECRET));
    let state = stage
        .state
        .clone()
        .with_single_sign_on(Some(workos.unwrap()));
    let mut stage = Stage::over(stage, app(state.clone()));
    stage.state = state;
    stage
}

fn person(address: &str) -> Person {
    Person::new(&format!("idp of {address}"), address)
}

/// Where a page leads.
fn away(page: &Page) -> String {
    let refresh = page.headers.get(header::REFRESH);
    let refresh = refresh
        .unwrap_or_else(|| panic!("{page:?}"))
        .to_str()
        .unwrap();
    let url = refresh.strip_prefix("0; url=").unwrap().to_owned();
    let link = page
        .after("class=\"button primary fill\" href=\"", "\"")
        .unwrap();
    assert_eq!(link.replace("&amp;", "&"), url);
    url
}

fn session(browser: &Browser) -> Option<&String> {
    browser.cookies.get("__Host-session")
}
