//! A WorkOS that fails, and one that says what does not fit.

use std::{
    io::Write,
    net::{Ipv4Addr, TcpListener},
    thread,
    time::Duration,
};

use weft_auth::sso::{CallbackError, ConnectionState, DomainProof, fake::Fault};

use super::{DOMAIN, REN, World, asking, person, session};
use crate::{browser::Browser, stage::on_stage};

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
