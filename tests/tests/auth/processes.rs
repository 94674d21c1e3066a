//! One winner, however many processes race.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;

use uuid::Uuid;
use weft_tests::auth::Tables;
use weft_tests::auth::race::{Prize, winners};

use super::stage::Stage;

const RACERS: usize = 8;

/// Another process, with racers of its own.
struct Process {
    child: Child,
    prizes: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Process {
    fn start(url: &str) -> Process {
        let mut child = Command::new(env!("CARGO_BIN_EXE_weft-racers"))
            .args([url, &RACERS.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (prizes, answers) = (child.stdin.take(), child.stdout.take());
        Process {
            child,
            prizes: prizes.unwrap(),
            answers: BufReader::new(answers.unwrap()),
        }
    }

    /// How many of its racers won.
    fn race(&mut self, prize: &Prize) -> usize {
        writeln!(self.prizes, "{prize}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        answer.trim().parse().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn one_of_two_processes_wins() {
    let tables = Tables::new();
    let url = tables.url("auth");
    let store = tables.pooled();
    let stage = Stage::new(&store);
    let id = Uuid::from(stage.account.id);
    let mut other = Process::start(&url);
    // Opens the connections of both, so that they are at the start together.
    winners(&store, &Prize::Rate(0), RACERS);
    other.race(&Prize::Rate(0));

    let code = |place: usize| stage.codes[place].grouped().to_string();
    let link = stage.link.expose().to_owned();
    let mut prizes = vec![
        (Prize::Link(link, stage.browser.expose().to_owned()), 1),
        (Prize::Challenge(stage.challenge.expose().to_owned()), 1),
        (Prize::Rotation(stage.session.expose().to_owned()), 1),
    ];
    prizes.extend((0..10).map(|place| (Prize::Code(id, code(place)), 1)));
    prizes.extend((2..12).map(|step| (Prize::Step(id, step), 1)));
    prizes.extend((1..10).map(|key| (Prize::Rate(key), 10)));
    let mut theirs = 0;
    for (prize, expected) in prizes {
        let (ours, others) = thread::scope(|scope| {
            let others = scope.spawn(|| other.race(&prize));
            (winners(&store, &prize, RACERS), others.join().unwrap())
        });
        assert_eq!(ours + others, expected, "{prize:?}: {ours} and {others}");
        theirs += others;
    }
    assert!(theirs > 0, "the other process was never in time");
}
