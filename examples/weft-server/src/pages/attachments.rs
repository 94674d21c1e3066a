//! Files that go with messages. A browser sends one to the store and fetches it there, by a form of the
//! page of that file; the script of [`ATTACH`] uses the same forms, and shows how far it is.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use chrono::Utc;
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    Pages,
    asked::{Asked, Of},
    assets::ATTACH,
    form::{Form, Nothing},
    layout::{self, Section},
    refused::Refused,
    show,
    visitor::Member,
};
use crate::{
    app::AppState,
    attachments::LARGEST,
    error::Problem,
    extract::{Ids, Looking, NoBody, NoQuery},
    routes::attachments::{self, Announcement, Attachment, ExpectedUpload, NewAttachment},
    value::{AttachmentState, FileSize, FileType, Named},
};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .post(
            "/o/{org}/conversations/{conversation_id}/attachments",
            announce,
        )
        .get(ONE, look)
        .post(&format!("{ONE}/confirmation"), confirm)
        .post(&format!("{ONE}/link"), fetch)
        .post(&format!("{ONE}/remove"), remove)
}

const ONE: &str = "/o/{org}/attachments/{attachment_id}";

/// What a conversation's page has for files: a form for a file's name, and in its place, where scripts
/// run, one for the files themselves.
pub(super) fn chooser(state: &AppState, member: &Member, conversation: Uuid) -> Markup {
    if !state.attachments().takes_forms() {
        return html! {};
    }
    let path = member.path(&format!("conversations/{conversation}/attachments"));
    let hint = format!("Up to {} each.", show::bytes(LARGEST));
    html! {
        section #attach.card.stack.tight aria-labelledby="attach-title" {
            h2 #attach-title { "Attach files" }
            (layout::form(member.visitor(), &path, html! {
                (layout::field("file_name", "What the file is called", Some(&hint), html! {
                    input #file_name type="text" name="file_name" required maxlength="1000" autocomplete="off" placeholder="invoice.pdf" aria-describedby="file_name-hint";
                }))
                (layout::field("content_type", "What it is", None, html! {
                    select #content_type name="content_type" {
                        @for kind in FileType::ALL {
                            option value=(kind.as_str()) selected[*kind == FileType::Other] { (said(*kind)) }
                        }
                    }
                }))
                button type="submit" { "Go on" }
            }))
            div.stack.tight hidden {
                (layout::field("files", "Choose files", Some(&hint), html! {
                    input #files type="file" multiple aria-describedby="files-hint";
                }))
                ul.list aria-live="polite" hidden {}
                template { li { div {
                    strong {}
                    progress max="1" value="0" {}
                    span.soft.small { "Waiting" }
                    button.quiet type="button" { "Cancel" }
                } } }
            }
            (layout::script(member.visitor(), &ATTACH))
        }
    }
}

/// The files that the member may send with the next message: all of them, until he chose some.
pub(super) fn unsent(member: &Member, files: &[Attachment], chosen: Option<&[Uuid]>) -> Markup {
    let is_chosen = |file: &Attachment| chosen.is_none_or(|chosen| chosen.contains(&file.id));
    html! {
        fieldset #unsent hidden[files.is_empty()] {
            legend { "Files to send with it" }
            @for file in files {
                label.choice {
                    input type="checkbox" name="attachment_ids" value=(file.id) checked[is_chosen(file)];
                    span {
                        a href=(member.path(&format!("attachments/{}", file.id))) { (file.file_name) }
                        " " span.soft.small { (show::bytes(file.size)) }
                    }
                }
            }
        }
    }
}

/// The files of a message, each a button that fetches it.
pub(super) fn sent<'f>(member: &Member, files: impl Iterator<Item = &'f Attachment>) -> Markup {
    html! {
        @for file in files {
            form.row method="post" action=(member.path(&format!("attachments/{}/link", file.id))) {
                (member.visitor().token())
                button type="submit" aria-label={ "Download " (file.file_name) } { (file.file_name) }
                a.soft.small href=(member.path(&format!("attachments/{}", file.id))) {
                    span.hidden-label { "About " (file.file_name) ": " }
                    (said(file.content_type)) ", " (show::bytes(file.size))
                }
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Announced {
    file_name: String,
    content_type: FileType,
    /// Of a script, which knows it before.
    size: Option<i64>,
}

async fn announce(
    State(state): State<AppState>,
    member: Member,
    Of(conversation): Of,
    Form(announced): Form<Announced>,
) -> Result<Response, Refused> {
    let said = announced.size.unwrap_or(LARGEST);
    let new = NewAttachment {
        file_name: Named::new(&announced.file_name).map_err(Problem::unprocessable)?,
        content_type: announced.content_type,
        size: FileSize::new(said).map_err(Problem::unprocessable)?,
        sha256: None,
    };
    let least = announced.size.unwrap_or(1);
    let made = attachments::announce(
        (state.attachments(), member.tenant()),
        conversation,
        &new,
        least,
    )
    .await?;
    let by = match announced.size {
        Some(_) => "?by=script",
        None => "",
    };
    Ok(member.to(&format!("attachments/{}{by}", made.id)))
}

/// How somebody came to the page of a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Came {
    /// In a script, which cannot follow the store elsewhere.
    by: Option<By>,
    /// From the store, which adds these.
    #[serde(rename = "bucket")]
    _bucket: Option<String>,
    #[serde(rename = "key")]
    _key: Option<String>,
    etag: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum By {
    Script,
}

async fn look(
    State(state): State<AppState>,
    member: Member,
    Of(id): Of,
    Asked(came, _): Asked<Came>,
) -> Result<Response, Refused> {
    let (one, ids) = named(&member, id).await?;
    if one.state == AttachmentState::Expected {
        return expected(&state, &member, &one, &came, None);
    }
    let Json(file) = attachments::get(member.tenant().clone(), ids, NoQuery).await?;
    Ok(page(&member, &one, &confirmed(&member, &file)))
}

/// The file of that id, and what the API calls it.
async fn named(member: &Member, id: Uuid) -> Result<(Announcement, Ids), Refused> {
    let one = attachments::find(member.tenant(), id).await?;
    let ids = Ids(one.conversation_id, id);
    Ok((one, ids))
}

fn page(member: &Member, one: &Announcement, content: &Markup) -> Response {
    let content = html! {
        h1 { (one.file_name) }
        (content)
        p { a href=(member.path(&format!("conversations/{}", one.conversation_id))) { "Back to the conversation" } }
    };
    let page = layout::within(member, Section::Inbox, &one.file_name, content);
    member.visitor().with_store(page)
}

fn expected(
    state: &AppState,
    member: &Member,
    one: &Announcement,
    came: &Came,
    problem: Option<&str>,
) -> Result<Response, Refused> {
    let files = state.attachments();
    let arrived = came.etag.is_some();
    let send = match one.expires_at > Utc::now() {
        true if files.takes_forms() => {
            let back = state
                .site()
                .url(&member.path(&format!("attachments/{}", one.id)));
            let back = came.by.is_none().then_some(back);
            Some(attachments::upload(files, member.tenant(), one, back)?)
        }
        _ => None,
    };
    let content = html! {
        @if let Some(problem) = problem { (layout::wrong(problem)) }
        @match &send {
            _ if arrived => (layout::notice("The file has arrived. One more step, and it can go with a message.")),
            Some(send) => {
                section.card.stack { (sends(send)) }
                p { "Then finish it here, if you are not brought back by yourself." }
            }
            None => (layout::wrong("The time to send this file is over. If it has not been sent, begin again.")),
        }
        div.row {
            (button(member, one.id, ("confirmation", "Finish", "primary")))
            (button(member, one.id, ("remove", "Give it up", "")))
        }
    };
    Ok(page(member, one, &content))
}

/// The store's own form. It goes to the store, so no token of ours is in it.
fn sends(send: &ExpectedUpload) -> Markup {
    html! {
        form #send.stack method="post" action=(send.url) enctype="multipart/form-data" {
            @for field in &send.fields { input type="hidden" name=(field.name) value=(field.value); }
            (layout::field("file", "The file", Some("It goes to the store of this server, encrypted there."), html! {
                input #file type="file" name="file" required aria-describedby="file-hint";
            }))
            p.soft.small { "It can be sent until " (show::time(send.expires_at)) "." }
            button.primary type="submit" { "Send it" }
        }
    }
}

fn confirmed(member: &Member, file: &Attachment) -> Markup {
    html! {
        dl.facts {
            dt { "What it is" } dd { (said(file.content_type)) }
            dt { "Size" } dd { (show::bytes(file.size)) }
            @if let Some(sum) = file.sha256 { dt { "SHA-256" } dd { code { (sum.to_string()) } } }
            @if let Some(at) = file.confirmed_at { dt { "Sent" } dd { (show::time(at)) } }
        }
        div.row {
            (button(member, file.id, ("link", "Download", "primary")))
            (button(member, file.id, ("remove", "Delete", "danger")))
        }
    }
}

fn button(member: &Member, id: Uuid, (does, text, class): (&str, &str, &str)) -> Markup {
    html! {
        form id=(does) method="post" action=(member.path(&format!("attachments/{id}/{does}"))) {
            (member.visitor().token())
            button class=(class) type="submit" { (text) }
        }
    }
}

async fn confirm(
    State(state): State<AppState>,
    member: Member,
    Of(id): Of,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Refused> {
    let (one, ids) = named(&member, id).await?;
    let tenant = member.tenant().clone();
    let confirmed = attachments::confirm(State(state.clone()), tenant, ids, NoQuery, NoBody).await;
    let Err(problem) = confirmed else {
        return Ok(back(&member, &one));
    };
    let said = show::sentence(problem.detail());
    let content = match problem.status() {
        // It may still be sent.
        StatusCode::CONFLICT => {
            let Asked(came, _) = Asked::first_page()?;
            expected(&state, &member, &one, &came, Some(&said))?
        }
        StatusCode::UNPROCESSABLE_ENTITY => page(&member, &one, &layout::wrong(&said)),
        _ => return Err(problem.into()),
    };
    Ok((problem.status(), content).into_response())
}

async fn fetch(
    state: State<AppState>,
    member: Member,
    Of(id): Of,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Redirect, Refused> {
    let (_, ids) = named(&member, id).await?;
    let looking = Looking(member.tenant().clone());
    let Json(link) = attachments::link(state, looking, ids, NoQuery, NoBody).await?;
    Ok(Redirect::to(&link.url))
}

async fn remove(
    state: State<AppState>,
    member: Member,
    Of(id): Of,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Refused> {
    let (one, ids) = named(&member, id).await?;
    attachments::delete(state, member.tenant().clone(), ids, NoQuery, NoBody).await?;
    Ok(back(&member, &one))
}

fn back(member: &Member, one: &Announcement) -> Response {
    member.to(&format!("conversations/{}", one.conversation_id))
}

const fn said(kind: FileType) -> &'static str {
    match kind {
        FileType::Png => "PNG image",
        FileType::Jpeg => "JPEG image",
        FileType::Gif => "GIF image",
        FileType::Webp => "WebP image",
        FileType::Heic => "HEIC image",
        FileType::Pdf => "PDF document",
        FileType::Word => "Word document",
        FileType::Excel => "Excel workbook",
        FileType::Text => "Text",
        FileType::Csv => "CSV table",
        FileType::Zip => "ZIP archive",
        FileType::Mp3 => "MP3 audio",
        FileType::Mp4 => "MP4 video",
        FileType::Other => "Another kind of file",
    }
}
