//! What a newcomer finds.

use std::time::SystemTime;

use weft_server::{seed, state_folder::StateFolder};

use crate::stage::{accounts, on_stage};

#[test]
fn the_demos_tokens_are_kept_and_work() {
    on_stage(async |stage| {
        let path = std::env::temp_dir().join(format!("weft-server-demo-{}", std::process::id()));
        let folder = StateFolder::open(Some(path.clone())).unwrap();
        let orgs = seed::seed(&stage.roads).await.unwrap();
        let accounts = accounts(&stage.roads);
        let mut seen = Vec::new();
        for _ in 0..2 {
            let who = (&stage.roads, &accounts);
            let tokens = seed::tokens(who, orgs, &folder, SystemTime::now())
                .await
                .unwrap();
            let tokens: Vec<String> = tokens
                .iter()
                .map(|token| token.expose().to_owned())
                .collect();
            for token in &tokens {
                let me = stage.ask(token, "GET", "/api/me", None).await;
                assert_eq!(me.status.as_u16(), 200, "{}", me.text);
            }
            seen.push(tokens);
        }
        assert_eq!(seen[0].len(), 4);
        assert_eq!(seen[0], seen[1], "the same at every start");
        // Each start makes them good for a month.
        let ended = "UPDATE auth_api_tokens SET expires_at = now()";
        stage.database.execute(ended).unwrap();
        assert_eq!(
            stage
                .ask(&seen[0][0], "GET", "/api/me", None)
                .await
                .status
                .as_u16(),
            401
        );
        seed::tokens((&stage.roads, &accounts), orgs, &folder, SystemTime::now())
            .await
            .unwrap();
        assert_eq!(
            stage
                .ask(&seen[0][0], "GET", "/api/me", None)
                .await
                .status
                .as_u16(),
            200
        );
        // A folder from another database: its tokens are made good here.
        let gone = "DELETE FROM auth_api_tokens";
        stage.database.execute(gone).unwrap();
        seed::tokens((&stage.roads, &accounts), orgs, &folder, SystemTime::now())
            .await
            .unwrap();
        let me = stage.ask(&seen[0][0], "GET", "/api/me", None).await;
        assert_eq!(me.status.as_u16(), 200);
        std::fs::remove_dir_all(path).unwrap();
    });
}
