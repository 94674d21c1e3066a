// Sends files by the forms of these pages, one after the other, and shows how far each is.

const attach = document.getElementById("attach");
const [announcement, chooser] = attach.querySelectorAll("form, div[hidden]");
const [input, list, template] = chooser.querySelectorAll("input, ul, template");
const kinds = [...announcement.elements.content_type.options].map((option) => option.value);

const held = document.getElementById("held");
const answer = held.closest("form");

const SIGNED_OUT = new Error("You are not signed in any more. Load this page again.");

const UNREACHED = new Error("The store of files cannot be reached. Load this page again, then choose the file once more.");

announcement.hidden = true;
chooser.hidden = false;

/** The page that an answer is, or what it says is wrong. */
async function page(answer) {
  const read = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (answer.ok) return read;
  throw new Error((read.querySelector("[role=alert]") ?? read.querySelector("main p"))?.textContent);
}

/** What a form of ours leads to. Whose session has ended is led to a page without one. */
async function submit(form, more = {}) {
  if (!form) throw SIGNED_OUT;
  const body = new URLSearchParams([...new FormData(form), ...Object.entries(more)]);
  return page(await fetch(form.action, { method: "POST", body }));
}

/** Sends a file by the store's form. */
function send(form, file, { signal, onProgress }) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    if (!form) throw SIGNED_OUT;
    const body = new FormData(form);
    body.set("file", file);
    const request = new XMLHttpRequest();
    request.upload.onprogress = (event) => onProgress(event.loaded / event.total);
    request.onload = () => (request.status === 201 ? resolve() : reject(new Error("The store refused the file.")));
    request.onerror = () => reject(UNREACHED);
    request.onabort = () => reject(signal.reason);
    signal.onabort = () => request.abort();
    request.open("POST", form.action);
    request.send(body);
  });
}

/** Takes a file from the disk to the list of what goes with the next message. */
async function carry(file, row, signal) {
  const [, bar, state, cancel] = row.firstElementChild.children;
  let asked;
  try {
    signal.throwIfAborted();
    state.textContent = "Asking";
    const content_type = kinds.includes(file.type) ? file.type : kinds.at(-1);
    announcement.elements.file_name.value = file.name;
    announcement.elements.content_type.value = content_type;
    asked = await submit(announcement, { size: file.size });
    signal.throwIfAborted();
    state.textContent = "Sending";
    const onProgress = (part) => (bar.value = part);
    await send(asked.getElementById("send"), file, { signal, onProgress });
    signal.throwIfAborted();
    state.textContent = "Checking";
    cancel.remove();
    show(await submit(asked.getElementById("confirmation")));
    row.remove();
  } catch (error) {
    state.textContent = error.message || "That did not work.";
    bar.remove();
    cancel.remove();
    const remove = asked?.getElementById("remove");
    if (remove) await submit(remove).catch(() => {});
  } finally {
    done(row);
  }
}

/** Says something of the answer, and where it stands. */
function say(text) {
  held.textContent = text;
  held.hidden = false;
  held.focus();
}

const underWay = new Map();
let waits = false;

/** A file is under way no more. Whoever waits for the last one is told. */
function done(row) {
  if (!underWay.delete(row) || underWay.size) return;
  removeEventListener("beforeunload", ask);
  if (waits) held.textContent = "No file is on its way any more. Look at those above, then send your message.";
  waits = false;
}

/** Whether to leave the page, and the files with it. */
function ask(event) {
  event.preventDefault();
}

answer.addEventListener("submit", (event) => {
  if (!underWay.size) return;
  event.preventDefault();
  waits = true;
  const names = [...underWay.values()].join(", ");
  say(`Your message is not sent yet, for there are files on their way: ${names}. Send it when every file is there, or cancel what you do not want.`);
});

// The policy of this page lets it reach the store that there was when it was loaded.
document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => {
  if (!["connect-src", "form-action"].includes(effectiveDirective)) return;
  say("The store of files moved when the server was started anew. Keep what you have typed, and load this page again.");
});

/** Puts what that page has and this one has not with the answer. */
function show(conversation) {
  const here = document.getElementById("unsent");
  for (const choice of conversation.querySelectorAll("#unsent label")) {
    const { value } = choice.querySelector("input");
    if (!here.querySelector(`input[value="${value}"]`)) here.append(choice);
  }
  here.hidden = !here.querySelector("input");
}

let last = Promise.resolve();
input.addEventListener("change", () => {
  list.hidden = false;
  for (const file of input.files) {
    const row = template.content.firstElementChild.cloneNode(true);
    const [name, bar, state, cancel] = row.firstElementChild.children;
    name.textContent = file.name;
    bar.setAttribute("aria-label", file.name);
    const cancelled = new AbortController();
    cancel.addEventListener("click", () => {
      // Nothing was begun that has to be given up first.
      if (state.textContent === "Waiting") done(row);
      state.textContent = "Cancelled.";
      cancelled.abort(new Error("Cancelled."));
    });
    list.append(row);
    underWay.set(row, file.name);
    addEventListener("beforeunload", ask);
    last = last.then(() => carry(file, row, cancelled.signal));
  }
  input.value = "";
});
