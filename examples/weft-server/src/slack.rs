//! What Slack sends: commands as forms, everything else as JSON.

use serde::Deserialize;

use crate::record::RecordError;

/// Something that Slack asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// To prove that the address is ours, by its own word.
    Verification {
        /// The word.
        challenge: String,
    },
    /// A command that somebody typed.
    Command(Command),
    /// Something happened that nobody waits for an answer to.
    Event,
}

/// What was typed behind the command's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// How is the order of that name?
    Order(String),
    /// Open a conversation of that subject.
    Open(String),
    /// Anything else.
    Help,
}

impl Ask {
    /// What `body` asks for.
    ///
    /// # Errors
    /// When it is neither a command nor JSON of Slack's shape.
    pub fn read(body: &[u8]) -> Result<Ask, RecordError> {
        if body.first() == Some(&b'{') {
            let event: RawEvent = serde_json::from_slice(body)?;
            return match (event.kind.as_str(), event.challenge) {
                ("url_verification", Some(challenge)) => Ok(Ask::Verification { challenge }),
                ("url_verification", None) => Err(RecordError::Field("challenge")),
                ("event_callback", _) => Ok(Ask::Event),
                _ => Err(RecordError::Kind),
            };
        }
        let form: RawCommand =
            serde_urlencoded::from_bytes(body).map_err(|_| RecordError::Field("command"))?;
        if !form.command.starts_with('/') {
            return Err(RecordError::Field("command"));
        }
        // Postgres has no U+0000 to compare with.
        let text = form.text.replace('\0', "");
        Ok(Ask::Command(Command::read(text.trim())))
    }
}

impl Command {
    fn read(text: &str) -> Command {
        match text.split_once(char::is_whitespace) {
            Some(("order", name)) => Command::Order(name.trim().to_owned()),
            Some(("open", subject)) => Command::Open(subject.trim().to_owned()),
            _ => Command::Help,
        }
    }
}

#[derive(Deserialize)]
struct RawEvent {
    #[serde(rename = "type")]
    kind: String,
    challenge: Option<String>,
}

#[derive(Deserialize)]
struct RawCommand {
    command: String,
    #[serde(default)]
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_a_form_and_the_rest_is_json() {
        let command = |text: &str| Ask::read(format!("command=%2Fweft&text={text}").as_bytes());
        let order = Command::Order("#1001".to_owned());
        assert_eq!(command("order+%231001"), Ok(Ask::Command(order)));
        let open = Command::Open("Broken mug".to_owned());
        assert_eq!(command("open++Broken+mug+"), Ok(Ask::Command(open)));
        for text in ["", "order", "open", "sing", "%20", "order+%00"] {
            assert_eq!(command(text), Ok(Ask::Command(Command::Help)), "{text}");
        }
        let challenge = "3eZbrw1aB".to_owned();
        assert_eq!(
            Ask::read(br#"{"type":"url_verification","challenge":"3eZbrw1aB"}"#),
            Ok(Ask::Verification { challenge })
        );
        assert_eq!(Ask::read(br#"{"type":"event_callback"}"#), Ok(Ask::Event));
    }

    #[test]
    fn anything_else_is_refused() {
        for body in [
            &b""[..],
            b"{",
            b"[]",
            b"\xff",
            b"text=x",
            b"command=weft",
            b"command=%2Fa&command=%2Fb",
            br#"{"type":"url_verification"}"#,
            br#"{"type":"other"}"#,
        ] {
            assert!(Ask::read(body).is_err(), "{body:?}");
        }
    }
}
