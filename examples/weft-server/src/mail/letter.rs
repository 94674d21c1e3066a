//! What mails say.

use weft_auth::{
    link::Purpose,
    store::{Mail, MailKind},
};

use super::Letter;
use crate::site::Site;

/// The mail, written out. The links in it lead to this site, whatever a request called it.
pub(super) fn write(mail: &Mail, site: &Site) -> Letter {
    let (subject, says) = words(mail.kind);
    let link = match (mail.kind, &mail.token) {
        (MailKind::Link(purpose), Some(token)) => {
            let path = format!("/link/{}?token={}", purpose.name(), token.expose());
            format!("{}\n\n", site.url(&path))
        }
        _ => String::new(),
    };
    Letter {
        to: mail.to.clone(),
        subject: format!("{subject} · weft"),
        text: format!("{says}\n\n{link}{}\n", site.origin().as_str()),
    }
}

const ASKED: &str = "If you did not ask for this, do nothing: nobody gets in without it.";

fn words(kind: MailKind) -> (&'static str, String) {
    let asked = |subject, says: &str| (subject, format!("{says} {ASKED}"));
    let notice = |subject, says: &str| (subject, says.to_owned());
    match kind {
        MailKind::Link(Purpose::SignIn) => asked(
            "Sign in",
            "Open this within 15 minutes, in the browser in which you asked for it. On another device it shows a code to type in there; nobody will ever ask you for that code.",
        ),
        MailKind::Link(Purpose::Reset) => asked(
            "Choose a new password",
            "Open this within 15 minutes to choose a new password.",
        ),
        MailKind::Link(Purpose::Register) => asked(
            "Finish signing up",
            "Open this to finish signing up, in the browser in which you began.",
        ),
        MailKind::Link(Purpose::Invite) => notice(
            "You are invited",
            "Somebody would like to share an inbox with you. The invitation is good for 7 days.",
        ),
        MailKind::Link(Purpose::ChangeFrom) => notice(
            "Change your address?",
            "Somebody who is signed in as you asked to change the address of your account. If it was you, open this. If it was not, sign in and end all other sessions.",
        ),
        MailKind::Link(Purpose::ChangeTo) => asked(
            "Your new address",
            "Open this to make this the address of your account.",
        ),
        MailKind::Link(Purpose::Unlock) => notice(
            "Too many wrong passwords",
            "Somebody tried many wrong passwords, so passwords are not taken for your account for a while. Links by mail still work, and this lets passwords be tried again.",
        ),
        MailKind::AlreadyRegistered => notice(
            "You have an account",
            "Somebody wanted to sign up with this address, which has an account already. If it was you, sign in.",
        ),
        MailKind::PasswordReplaced => notice(
            "Your password was changed",
            "The password of your account was changed, and all other sessions have ended. If it was not you, choose a new one by a link at once: that ends all API tokens of yours as well.",
        ),
        MailKind::MailboxChanged => notice(
            "Your address was changed",
            "Your account has another address from now on, and this one is not used any more.",
        ),
        MailKind::SecondFactorEnrolled => notice(
            "An app was added",
            "Signing in takes a code of your authenticator app from now on.",
        ),
        MailKind::SecondFactorRemoved => notice(
            "The app was removed",
            "Signing in takes no code of an authenticator app any more.",
        ),
        MailKind::AccountDeleted => notice(
            "Your account was deleted",
            "Your account was deleted by somebody who was signed in as you and proved it again. Nobody can sign in to it any more.",
        ),
        MailKind::RecoveryCodesReplaced => notice(
            "New recovery codes",
            "Your recovery codes were replaced, and those of before are good for nothing. If it was not you, choose a new password at once.",
        ),
        MailKind::RecoveryCodeUsed => notice(
            "A recovery code was used",
            "Somebody signed in to your account with a recovery code. If it was not you, choose a new password at once.",
        ),
        MailKind::SecondFactorFailing => notice(
            "Wrong codes",
            "Somebody who knows your password typed several wrong codes. If it was not you, choose a new password at once.",
        ),
        MailKind::ApiTokenMade => notice(
            "An API token was made",
            "Somebody who is signed in as you made a token for a program, which sees and does what you may. If it was not you, choose a new password by a link at once: that ends all sessions and all API tokens of yours.",
        ),
        MailKind::ApiTokenRevoked => notice(
            "An API token was revoked",
            "Somebody who is signed in as you revoked a token of a program: it is turned away from now on. If it was not you, choose a new password by a link at once.",
        ),
        _ => notice(
            "About your account",
            "Something about your account was changed.",
        ),
    }
}
