//! Signing in through one's organisation, at a local WorkOS on the loopback that is stricter than the real
//! one.

use std::{
    io::Write,
    net::{Ipv4Addr, TcpListener},
    sync::Arc,
    thread,
    time::{Duration, SystemTime},
};

use axum::http::{Request, header};
use serde_json::json;
use uuid::Uuid;
use weft_auth::{
    password::Params,
    sso::{
        CallbackError, ConnectionState, DomainProof, Setup,
        fake::{Fake, Fault, Listener, Mishap, Person},
    },
};
use weft_server::{app, client::Client, keys::Keys, single_sign_on::SingleSignOn, site::Site};

use super::{
    matrix::{RIGHT, hash},
    signed_in,
};
use crate::{
    browser::{Browser, Page},
    stage::{KEYS, ORIGIN, Stage, on_stage, until},
    webhooks::sender::Endpoint,
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

#[test]
fn a_member_signs_in_through_the_organisation() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let mut before = signed_in(&world.stage, REN).await;
        let mut ren = Browser::new(&world.stage.router);
        world.sign_in(&mut ren, person(REN)).await;
        assert_eq!(ren.page.path, "/o/kumo-ceramics/inbox", "{:?}", ren.page);
        // That the accounts are one from now on is told, and ends what was there.
        assert_eq!(before.visit("/account").await.path, "/sign-in");
        let told = world.stage.mail_of(REN).await;
        assert!(
            told.iter()
                .any(|mail| mail.subject.contains("About your account")),
            "{told:?}"
        );
        // Known by now: another token, and the former one is worth nothing.
        let first = session(&ren).unwrap().clone();
        let mut left = Browser::new(&world.stage.router);
        left.cookies
            .insert("__Host-session".to_owned(), first.clone());
        world.sign_in(&mut ren, person(REN)).await;
        assert_ne!(session(&ren), Some(&first));
        assert_eq!(left.visit("/account").await.path, "/sign-in");
        assert_eq!(world.count("auth_identities"), "1");
        assert!(
            !ren.cookies
                .keys()
                .any(|name| name.starts_with("__Host-sso")),
            "{:?}",
            ren.cookies
        );
        assert_eq!(world.count("auth_flows"), "0");
    });
}

#[test]
fn an_answer_is_of_the_browser_that_began_and_good_once() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        drop(world.browser_of(REN).await);
        let mut ren = Browser::new(&world.stage.router);
        let back = world.begin(&mut ren, REN).await;
        // Another browser, with a flow of its own or without one.
        let kept = world.kept();
        let mut other = Browser::new(&world.stage.router);
        assert_eq!(other.visit(&back).await.status.as_u16(), 410);
        let own = world.begin(&mut other, REN).await;
        assert_eq!(other.visit(&back).await.status.as_u16(), 410);
        let state = |url: &str| url.split("state=").nth(1).unwrap().to_owned();
        let code = |url: &str| {
            url.split("code=")
                .nth(1)
                .unwrap()
                .split('&')
                .next()
                .unwrap()
                .to_owned()
        };
        let forged = format!("{CALLBACK}?code={}&state={}", code(&own), state(&back));
        assert_eq!(other.visit(&forged).await.status.as_u16(), 410);
        assert_eq!(session(&other), None);
        assert_eq!(world.kept(), kept);
        // The one that began gets in, and only once.
        let cookies = ren.cookies.clone();
        assert_eq!(ren.visit(&back).await.path, "/o/kumo-ceramics/inbox");
        let mut again = Browser::new(&world.stage.router);
        again.cookies = cookies;
        let kept = world.kept();
        assert_eq!(again.visit(&back).await.status.as_u16(), 410);
        assert_eq!(session(&again), None);
        // The code with another flow of the same browser is refused by WorkOS.
        let next = world.begin(&mut again, REN).await;
        let used = format!("{CALLBACK}?code={}&state={}", code(&back), state(&next));
        assert_eq!(again.visit(&used).await.status.as_u16(), 410);
        assert_eq!(session(&again), None);
        assert_eq!(world.kept(), kept);
    });
}

#[test]
fn nobody_is_signed_in_by_what_nobody_asked_for() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        drop(world.browser_of(REN).await);
        let redirect = format!("{ORIGIN}{CALLBACK}");
        let back = world
            .fake
            .start_at_identity_provider("conn_1", &redirect)
            .unwrap();
        let back = back.strip_prefix(ORIGIN).unwrap();
        let mut eve = Browser::new(&world.stage.router);
        let kept = world.kept();
        assert_eq!(eve.visit(back).await.path, "/sign-in/sso");
        // Where the connection is named, a flow of our own begins for it.
        let page = eve.visit(&format!("{CALLBACK}?connection_id=conn_1")).await;
        assert!(away(page).contains("connection=conn_1"));
        assert_eq!(
            eve.visit(&format!("{CALLBACK}?connection_id=conn_2"))
                .await
                .path,
            "/sign-in/sso"
        );
        for query in [
            "",
            "?state=x",
            "?code=a&code=b",
            "?code=a&error=b&state=c",
            "?error=access_denied",
            "?code=a&state=b",
        ] {
            let status = eve
                .visit(&format!("{CALLBACK}{query}"))
                .await
                .status
                .as_u16();
            assert!(matches!(status, 403 | 410), "{query}: {status}");
        }
        assert_eq!(session(&eve), None);
        assert_eq!(world.kept(), kept);
    });
}

#[test]
fn the_answer_depends_on_the_domain_alone() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let mut browser = Browser::new(&world.stage.router);
        let mut ask = async |address: &str| {
            browser.visit("/sign-in/sso").await;
            let page = browser.submit("/sign-in/sso", &[("email", address)]).await;
            // But for what is random, or was typed.
            let text = page.text.replace(address, "");
            let fixed = |part: &str| {
                let (name, value) = part.split_once('=').unwrap_or_default();
                match ["state", "code_challenge", "amp;state", "amp;code_challenge"].contains(&name)
                {
                    true => format!("{name}={}", value.len()),
                    false => part.to_owned(),
                }
            };
            let text: Vec<String> = text.split('&').map(fixed).collect();
            let mut names: Vec<String> = page.headers.keys().map(ToString::to_string).collect();
            names.sort();
            (page.status.as_u16(), names, text.join("&").len())
        };
        let known = ask(OWNER).await;
        assert_eq!(known.0, 200);
        assert_eq!(ask("nobody@kumo-ceramics.example").await, known);
        let unknown = ask("nobody@no-such-domain.example").await;
        assert_eq!(unknown.0, 422);
        // One that is not proved yet, of an organisation that pays; and one that is, of one that does not.
        world.fake.set_domain(
            &world.organization(),
            "pending.example",
            DomainProof::Pending,
        );
        let mut owner = signed_in(&world.stage, OWNER).await;
        owner.visit(HERE).await;
        let page = owner.submit(&format!("{HERE}/refresh"), &[]).await;
        assert!(page.text.contains("pending.example"));
        assert_eq!(ask("nobody@pending.example").await, unknown);
        world.pays(false);
        assert_eq!(ask(OWNER).await, unknown);
        assert_eq!(ask("nobody@kumo-ceramics.example").await, unknown);
    });
}

/// Whoever asks has something written.
#[test]
fn one_network_begins_so_often_and_no_more() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let mut browser = Browser::new(&world.stage.router);
        browser.visit("/sign-in/sso").await;
        let mut status = 200;
        for _ in 0..200 {
            browser.visit("/sign-in/sso").await;
            let page = browser.submit("/sign-in/sso", &[("email", REN)]).await;
            status = page.status.as_u16();
            if status != 200 {
                break;
            }
        }
        assert_eq!(status, 429);
        let kept = world.count("auth_flows");
        browser.visit("/sign-in/sso").await;
        browser.submit("/sign-in/sso", &[("email", REN)]).await;
        assert_eq!(world.count("auth_flows"), kept);
        let few = browser
            .cookies
            .keys()
            .filter(|name| name.starts_with("__Host-sso"));
        assert_eq!(few.count(), 5);
    });
}

#[test]
fn a_workos_that_fails_is_said_kindly_and_nothing_is_written() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        drop(world.browser_of(REN).await);
        for fault in [
            Fault::ServerError,
            Fault::Garbage,
            Fault::OtherShape,
            Fault::RateLimited(3),
            Fault::Lost,
            Fault::Slow(Duration::from_secs(1)),
        ] {
            let mut ren = Browser::new(&world.stage.router);
            let back = world.begin(&mut ren, REN).await;
            let kept = world.kept();
            world.fake.fail_next(fault.clone());
            let page = ren.visit(&back).await;
            assert_eq!(page.status.as_u16(), 503, "{fault:?}");
            assert!(page.text.contains("Begin again"), "{}", page.text);
            assert_eq!(session(&ren), None);
            assert_eq!(world.kept(), kept, "{fault:?}");
        }
        // Nobody there, one that never answers, one that does not end, and one that leads elsewhere.
        for what in ["", "hangs", "endless", "redirect"] {
            let mut ren = Browser::new(&world.stage.router);
            let back = world.begin(&mut ren, REN).await;
            let kept = world.kept();
            let cookies = ren.cookies.clone();
            let broken = asking(&world.stage, &broken(what));
            let mut ren = Browser::new(&broken.router);
            ren.cookies = cookies;
            assert_eq!(ren.visit(&back).await.status.as_u16(), 503, "{what}");
            assert_eq!(session(&ren), None);
            assert_eq!(world.kept(), kept, "{what}");
        }
        // The organisation's side says no.
        world.fake.deny_next(CallbackError::AccessDenied);
        let mut ren = Browser::new(&world.stage.router);
        let back = world.begin(&mut ren, REN).await;
        let page = ren.visit(&back).await;
        assert_eq!(page.status.as_u16(), 403);
        assert!(!page.text.contains("alert"), "{}", page.text);
        // Then all is well again.
        world.sign_in(&mut ren, person(REN)).await;
        assert_eq!(ren.page.path, "/o/kumo-ceramics/inbox");
    });
}

/// The address of somebody who answers so, until the test ends.
fn broken(what: &'static str) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    if what.is_empty() {
        return address;
    }
    thread::spawn(move || {
        let mut open = Vec::new();
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            match what {
                "endless" => {
                    let _ = stream
                        .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n");
                    let much = vec![b' '; 1 << 20];
                    while stream.write_all(&much).is_ok() {}
                }
                "redirect" => {
                    let to = "HTTP/1.1 302 Found\r\nlocation: https://evil.example/\r\ncontent-length: 0\r\n\r\n";
                    let _ = stream.write_all(to.as_bytes());
                }
                _ => {}
            }
            open.push(stream);
        }
    });
    address
}

#[test]
fn what_is_said_of_somebody_fits_or_is_refused() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        drop(world.browser_of(REN).await);
        world.fake.connect("conn_2", "org_2", &[DOMAIN]);
        world.fake.allow_guests("conn_1");
        let strange = [
            person(REN).with("organization_id", "org_2"),
            person(REN).with("connection_id", "conn_2"),
            person(REN).with("idp_id", " "),
            person("ren@guest.example"),
            person("ren@kumo-ceramics.example.evil.example"),
        ];
        for strange in strange {
            let mut ren = Browser::new(&world.stage.router);
            world.fake.sign_in(strange.clone());
            let back = world.begin(&mut ren, REN).await;
            let kept = world.kept();
            assert_eq!(ren.visit(&back).await.status.as_u16(), 403, "{strange:?}");
            assert_eq!(session(&ren), None);
            assert_eq!(world.kept(), kept, "{strange:?}");
        }
        world.fake.sign_in(person(REN));
        let mut ren = Browser::new(&world.stage.router);
        let back = world.begin(&mut ren, REN).await;
        world
            .fake
            .set_connection("conn_1", ConnectionState::Validating);
        assert_eq!(ren.visit(&back).await.status.as_u16(), 403);
        world.fake.set_connection("conn_1", ConnectionState::Active);
        // The plan is asked when somebody comes back as well.
        let back = world.begin(&mut ren, REN).await;
        world.pays(false);
        assert_eq!(ren.visit(&back).await.status.as_u16(), 403);
        world.pays(true);
        // And so is the domain.
        let back = world.begin(&mut ren, REN).await;
        let organization = world.organization();
        world
            .fake
            .set_domain(&organization, DOMAIN, DomainProof::Withdrawn);
        assert_eq!(ren.visit(&back).await.status.as_u16(), 403);
        assert_eq!(session(&ren), None);
    });
}

/// An account that somebody made and waits with is nobody's who proves to have the address.
#[test]
fn an_account_that_nobody_proved_to_read_the_mailbox_of_is_not_linked() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let mut ren = Browser::new(&world.stage.router);
        world.sign_in(&mut ren, person(REN)).await;
        assert_eq!(ren.page.status.as_u16(), 403);
        assert!(ren.page.text.contains("One more step"), "{}", ren.page.text);
        assert_eq!(
            (session(&ren), &*world.count("auth_identities")),
            (None, "0")
        );
        // Once somebody has, it is.
        drop(world.browser_of(REN).await);
        assert_eq!(world.count("auth_identities"), "1");
    });
}

#[test]
fn whoever_is_no_member_gets_nothing_and_whoever_is_invited_becomes_one() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let mut ren = world.browser_of(REN).await;
        world.execute(&format!(
            "DELETE FROM membership_shops; UPDATE conversations SET assignee_id = NULL; \
             UPDATE messages SET author_id = NULL; DELETE FROM memberships WHERE address = '{REN}'"
        ));
        assert_eq!(
            ren.visit("/o/kumo-ceramics/inbox").await.status.as_u16(),
            404
        );
        let mut removed = Browser::new(&world.stage.router);
        let kept = world.kept();
        world.sign_in(&mut removed, person(REN)).await;
        assert_eq!(removed.page.status.as_u16(), 403, "{:?}", removed.page);
        let mut eve = Browser::new(&world.stage.router);
        world.sign_in(&mut eve, person(EVE)).await;
        assert_eq!(eve.page.text, removed.page.text);
        assert_eq!((session(&removed), session(&eve)), (None, None));
        assert_eq!(world.kept(), kept);

        let mut owner = signed_in(&world.stage, OWNER).await;
        let invite = "/o/kumo-ceramics/members/invite";
        owner.visit(invite).await;
        let fields = [("address", EVE), ("display_name", "Eve"), ("access", "all")];
        assert_eq!(
            owner.submit(invite, &fields).await.path,
            "/o/kumo-ceramics/members"
        );
        // What is said of somebody else is no invitation of Eve's.
        world.sign_in(&mut removed, person(REN)).await;
        assert_eq!(removed.page.status.as_u16(), 403);
        // Nor is one that its maker may not make any more.
        let role =
            |role| format!("UPDATE memberships SET role = '{role}' WHERE address = '{OWNER}'");
        world.execute(&role("member"));
        let kept = world.kept();
        world.sign_in(&mut eve, person(EVE)).await;
        assert_eq!((eve.page.status.as_u16(), session(&eve)), (403, None));
        assert_eq!(world.kept(), kept);
        world.execute(&role("owner"));
        world.sign_in(&mut eve, person(EVE)).await;
        assert_eq!(eve.page.path, "/o/kumo-ceramics/inbox", "{:?}", eve.page);
        assert_eq!(world.count("invitations"), "0");
        assert_eq!(
            world.count(&format!("memberships WHERE address = '{EVE}'")),
            "1"
        );
    });
}

#[test]
fn an_organisation_can_leave_its_people_no_other_way_and_its_owner_one() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let mut owner = signed_in(&world.stage, OWNER).await;
        owner.visit(HERE).await;
        let require = format!("{HERE}/require");
        let yes = [("domain", DOMAIN), ("required", "yes")];
        // Not without a way in for whoever says so.
        let page = owner.submit(&require, &yes).await;
        assert_eq!(page.status.as_u16(), 409);
        assert!(
            page.text.contains("authenticator app first"),
            "{}",
            page.text
        );
        let hash = hash(Params::OWASP).await;
        world.execute(&format!(
            "UPDATE auth_accounts SET password = '{hash}' WHERE mailbox IN ('{OWNER}', '{REN}'); \
             INSERT INTO auth_totps (account_id, sealed, last_step) \
             SELECT id, 'x', 0 FROM auth_accounts WHERE mailbox = '{OWNER}'"
        ));
        let somebody_elses = [("domain", "nordwind-outdoor.example"), ("required", "yes")];
        assert_eq!(
            owner
                .submit(&require, &somebody_elses)
                .await
                .status
                .as_u16(),
            404
        );
        owner.visit(HERE).await;
        let page = owner.submit(&require, &yes).await;
        assert!(
            page.text.contains("through the organisation alone"),
            "{page:?}"
        );
        let marked = format!("auth_accounts WHERE break_glass AND mailbox = '{OWNER}'");
        assert_eq!(world.count(&marked), "1");
        // Whether there is an account or not, nobody of the domain signs in in another way.
        let mut browser = Browser::new(&world.stage.router);
        let mut ask = async |path: &str, fields: &[(&str, &str)]| {
            stage.after_a_while();
            browser.visit(path).await;
            let page = browser.submit(path, fields).await;
            (
                page.status.as_u16(),
                page.text.contains("through their organisation"),
            )
        };
        for address in [REN, OWNER, "nobody@kumo-ceramics.example"] {
            let password = ("password", "pavement under the marmalade");
            assert_eq!(
                ask("/sign-in", &[("email", address), password]).await,
                (403, true)
            );
            assert_eq!(
                ask("/sign-in/link", &[("email", address)]).await,
                (403, true)
            );
            assert_eq!(ask("/reset", &[("email", address)]).await, (403, true));
            // Nor by the way that is left to owners, without the right password.
            let (status, _) = ask("/sign-in/owner", &[("email", address), password]).await;
            assert_eq!(status, 422);
        }
        // With it, the owner who said so is asked for the second factor, and nobody else.
        let password = ("password", RIGHT);
        assert_eq!(
            ask("/sign-in", &[("email", OWNER), password]).await,
            (403, true)
        );
        assert_eq!(
            ask("/sign-in/owner", &[("email", REN), password]).await.0,
            422
        );
        assert_eq!(
            ask("/sign-in/owner", &[("email", OWNER), password]).await.0,
            200
        );
        assert_eq!(browser.page.path, "/sign-in/second-factor");
        let no = [("domain", DOMAIN), ("required", "no")];
        owner.visit(HERE).await;
        let page = owner.submit(&require, &no).await;
        assert!(page.text.contains("as they like"), "{page:?}");
        drop(signed_in(&world.stage, REN).await);
        // What is taken down requires nothing.
        owner.submit(&require, &yes).await;
        assert_eq!(world.count("auth_domains WHERE enforced"), "1");
        owner.submit(&format!("{HERE}/remove"), &[]).await;
        drop(signed_in(&world.stage, REN).await);
    });
}

#[test]
fn owners_alone_set_it_up_and_nobody_elses() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let bound = world.organization();
        let ways = [
            ("", vec![]),
            ("/refresh", vec![]),
            ("/portal", vec![("part", "sso")]),
            ("/require", vec![("domain", DOMAIN), ("required", "yes")]),
            ("/remove", vec![]),
        ];
        for (who, status) in [(REN, 403), ("greta@nordwind-outdoor.example", 404)] {
            let mut browser = signed_in(&world.stage, who).await;
            assert_eq!(browser.visit(HERE).await.status.as_u16(), status, "{who}");
            let asked = world.fake.requests().len();
            for (way, fields) in &ways {
                browser.visit("/organizations").await;
                let page = browser.send(&format!("{HERE}{way}"), fields).await;
                assert_eq!(page.status.as_u16(), status, "{who} {way}");
            }
            assert_eq!(world.fake.requests().len(), asked);
            let settings = browser.visit("/o/kumo-ceramics/settings").await;
            assert!(
                !settings.text.contains("Single sign-on"),
                "{}",
                settings.text
            );
        }
        assert_eq!(world.organization(), bound);
        // Another organisation gets one of its own, whatever it does.
        world.execute(
            "UPDATE organizations SET plan_id = (SELECT id FROM plans WHERE code = 'enterprise')",
        );
        let theirs = "/o/nordwind-outdoor/sign-on";
        let mut greta = signed_in(&world.stage, "greta@nordwind-outdoor.example").await;
        greta.visit(theirs).await;
        let page = greta.submit(theirs, &[]).await;
        assert!(
            !page.text.contains(&bound) && page.text.contains("org_"),
            "{page:?}"
        );
        // It says that our domain is its own as well, and is told that it is not.
        let page = greta
            .submit(
                &format!("{theirs}/portal"),
                &[("part", Setup::Domains.name())],
            )
            .await;
        let back = away(page);
        assert_eq!(world.follow(&back), theirs);
        greta.visit(theirs).await;
        let page = greta.submit(&format!("{theirs}/refresh"), &[]).await;
        assert_eq!(page.status.as_u16(), 409);
        let yes = [("domain", DOMAIN), ("required", "yes")];
        let page = greta.submit(&format!("{theirs}/require"), &yes).await;
        assert!(page.status.is_client_error());
        assert_eq!(world.count("auth_domains WHERE enforced"), "0");
        // And one that is for another organisation there lets nobody in here.
        world.fake.organize("org_9", Some(&Uuid::nil().to_string()));
        world.fake.connect("conn_9", "org_9", &[DOMAIN]);
        let mut ren = Browser::new(&world.stage.router);
        world.execute("UPDATE auth_domains SET proof = 'withdrawn'; UPDATE organizations SET workos_organization = 'org_9' WHERE slug = 'kumo-ceramics'");
        world.execute("INSERT INTO auth_domains VALUES ('org_9', 'kumo-ceramics.example', 'verified', false, '2020')");
        world.fake.sign_in(person(REN));
        let back = world.begin(&mut ren, REN).await;
        assert_eq!(ren.visit(&back).await.status.as_u16(), 503);
        assert_eq!(session(&ren), None);
    });
}

#[test]
fn what_ends_there_ends_here() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let mut owner = signed_in(&world.stage, OWNER).await;
        let mut ren = world.browser_of(REN).await;
        owner.visit(HERE).await;
        owner.submit(&format!("{HERE}/refresh"), &[]).await;
        assert_eq!(ren.visit("/account").await.path, "/account");
        world
            .fake
            .set_connection("conn_1", ConnectionState::Inactive);
        owner.visit(HERE).await;
        let page = owner.submit(&format!("{HERE}/refresh"), &[]).await;
        assert!(page.text.contains("inactive"), "{page:?}");
        assert_eq!(ren.visit("/account").await.path, "/sign-in");
        world.fake.set_connection("conn_1", ConnectionState::Active);

        let mut ren = world.browser_of(REN).await;
        world
            .fake
            .set_domain(&world.organization(), DOMAIN, DomainProof::Failed);
        owner.visit(HERE).await;
        let page = owner.submit(&format!("{HERE}/refresh"), &[]).await;
        assert!(page.text.contains("not proved"), "{page:?}");
        assert_eq!(ren.visit("/account").await.path, "/sign-in");
        world
            .fake
            .set_domain(&world.organization(), DOMAIN, DomainProof::Verified);
        owner.visit(HERE).await;
        owner.submit(&format!("{HERE}/refresh"), &[]).await;

        let mut ren = world.browser_of(REN).await;
        owner.visit(HERE).await;
        let page = owner.submit(&format!("{HERE}/remove"), &[]).await;
        assert!(page.text.contains("Set it up"), "{page:?}");
        assert_eq!(ren.visit("/account").await.path, "/sign-in");
        ren.visit("/sign-in/sso").await;
        let page = ren.submit("/sign-in/sso", &[("email", REN)]).await;
        assert_eq!(page.status.as_u16(), 422);
        // Set up again, it is the same one there.
        owner.visit(HERE).await;
        let page = owner.submit(HERE, &[]).await;
        assert!(
            page.text.contains("proved") && page.text.contains("active"),
            "{page:?}"
        );
    });
}

/// Events get lost, and flows are left.
#[test]
fn what_nobody_told_is_found_by_asking() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let mut ren = world.browser_of(REN).await;
        world
            .begin(&mut Browser::new(&world.stage.router), REN)
            .await;
        world.execute("UPDATE auth_flows SET started_at = now() - interval '11 minutes'");
        world
            .begin(&mut Browser::new(&world.stage.router), REN)
            .await;
        world
            .fake
            .set_connection("conn_1", ConnectionState::Inactive);
        let found = until("the server asks", async || {
            let ended = "auth_sessions WHERE connection IS NOT NULL";
            world.count(ended) == "0" && world.count("auth_flows") == "1"
        });
        tokio::select! {
            () = world.stage.state.work() => {}
            () = found => {}
        }
        assert_eq!(ren.visit("/account").await.path, "/sign-in");
    });
}

#[test]
fn where_it_is_not_set_up_or_not_paid_for_that_is_said() {
    on_stage(async |stage| {
        let mut owner = signed_in(stage, OWNER).await;
        assert!(
            owner
                .visit(HERE)
                .await
                .text
                .contains("Not set up on this server")
        );
        assert!(
            owner
                .visit("/sign-in/sso")
                .await
                .text
                .contains("not set up")
        );
        assert!(owner.visit(CALLBACK).await.text.contains("not set up"));
        let world = World::new(stage);
        world.pays(false);
        let mut owner = signed_in(&world.stage, OWNER).await;
        assert!(
            owner
                .visit(HERE)
                .await
                .text
                .contains("Not part of your plan")
        );
        owner.visit("/organizations").await;
        assert_eq!(owner.send(HERE, &[]).await.status.as_u16(), 409);
        assert!(world.fake.requests().is_empty());
        // WorkOS fails while it is set up.
        world.pays(true);
        owner.visit(HERE).await;
        world.fake.fail_next(Fault::ServerError);
        let page = owner.submit(HERE, &[]).await;
        assert_eq!(page.status.as_u16(), 503);
        assert!(page.text.contains("Nothing was changed"), "{}", page.text);
        assert_eq!(
            world.count("organizations WHERE workos_organization IS NOT NULL"),
            "0"
        );
        let page = owner.submit(HERE, &[]).await;
        assert!(page.text.contains("None is connected yet"), "{page:?}");
    });
}

#[test]
fn what_workos_tells_is_carried_over_if_it_is_signed_for_the_server() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let mut ren = world.browser_of(REN).await;
        // All that happened so far is known, and can come again.
        assert!(world.tell().await.iter().all(|status| *status == 200));
        let left = json!({
            "id": "directory_user_1", "organization_id": world.organization(),
            "idp_id": "another id", "emails": [{ "value": REN }],
        });
        let gone = "dsync.user.deleted";
        for mishap in [Mishap::BadSignature, Mishap::Altered, Mishap::Late] {
            world.fake.announce(gone, &left);
            world.fake.mishap_next(mishap);
            let told = world.tell().await;
            assert!(matches!(told[..], [400..500]), "{mishap:?}: {told:?}");
            assert_eq!(ren.visit("/account").await.path, "/account");
        }
        // An organisation's own endpoint is signed with its own secret, and is believed nothing.
        let own = Endpoint::make(&world.stage.router, &world.stage.b.owner, "workos", None).await;
        let event = json!({ "id": "event_1", "event": gone, "data": left });
        assert_eq!(
            own.send(&world.stage.router, &event).await.status.as_u16(),
            200
        );
        assert_eq!(ren.visit("/account").await.path, "/account");
        world.fake.announce(gone, &left);
        world.fake.mishap_next(Mishap::Duplicated);
        assert_eq!(world.tell().await, [200, 200]);
        assert_eq!(ren.visit("/account").await.path, "/sign-in");
        // What cannot be read comes again, and somebody looks.
        world.fake.announce(gone, &json!({}));
        assert_eq!(world.tell().await, [422]);
        // A domain of somebody else's is none of the teller's.
        let at = "2099-01-01T00:00:00.000Z";
        let theirs = json!({ "organization_id": "org_9", "domain": DOMAIN, "updated_at": at });
        world.fake.announce("organization_domain.verified", &theirs);
        assert_eq!(world.tell().await, [409]);
        // Where nobody set it up, there is nothing.
        let request = Request::post("/webhooks/workos").body("{}".into());
        let answer = stage.send(request.unwrap()).await;
        assert_eq!(answer.status.as_u16(), 404);
    });
}
