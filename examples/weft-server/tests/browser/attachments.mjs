// Files go from the browser to the store and back, past the server.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { closeSync, createReadStream, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { look } from "./look.mjs";
import { device, open, origin, press, signInByMail } from "./world.mjs";

const LARGE = 200 << 20;
const folder = mkdtempSync(join(tmpdir(), "weft-files-"));

let browser;
before(async () => (browser = await open()));
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

/** A file of so many bytes that no two are alike. */
function file(name, length, start = "") {
  const path = join(folder, name);
  const to = openSync(path, "w");
  writeSync(to, start);
  for (let rest = length - start.length; rest > 0; rest -= 1 << 20) writeSync(to, randomBytes(Math.min(rest, 1 << 20)));
  closeSync(to);
  return path;
}

async function sum(path) {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

/** Somebody of the demo's first organisation, or another's, at a conversation. */
async function atConversation(address, options = {}) {
  const page = await device(browser, options);
  await signInByMail(browser, page, address);
  const org = address.split("@")[1].split(".")[0];
  await page.goto(`/o/${org}/inbox`);
  await page.locator("main a[href*='/conversations/']").first().click();
  await page.waitForURL("**/conversations/*");
  return page;
}

const owner = (options) => atConversation("aiko@kumo-ceramics.example", options);
const stranger = () => atConversation("greta@nordwind-outdoor.example");

/** What that button saves. */
async function download(page, name) {
  const saved = page.waitForEvent("download", { timeout: 60_000 });
  await page.getByRole("button", { name, exact: true }).click();
  const download = await saved;
  return { name: download.suggestedFilename(), url: download.url(), path: await download.path() };
}

/** A process as its kernel counts it. */
function memory(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kilobytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)[1]);
  return { now: kilobytes("VmRSS") / 1024, most: kilobytes("VmHWM") / 1024 };
}

/** The process of the store, which the server started. */
function store(server) {
  const tasks = readdirSync(`/proc/${server}/task`);
  const children = tasks.flatMap((task) => readFileSync(`/proc/${server}/task/${task}/children`, "utf8").split(" ").filter(Boolean));
  return children.find((child) => readFileSync(`/proc/${child}/cmdline`, "utf8").includes("object-store"));
}

test("200 MB go up with progress and come down as they were, and the server hardly grows", async () => {
  const page = await owner();
  const path = file("film.bin", LARGE);
  const server = process.env.WEFT_PID;
  const pids = [server, store(server)];
  // The most is counted anew from here.
  for (const pid of pids) writeFileSync(`/proc/${pid}/clear_refs`, "5");
  const before = pids.map(memory);

  await page.evaluate(() => {
    window.seen = [];
    new MutationObserver(() => {
      const bar = document.querySelector("#attach progress");
      if (bar) window.seen.push(bar.value);
    }).observe(document.querySelector("#attach"), { subtree: true, childList: true, attributes: true });
  });
  await page.getByLabel("Choose files").setInputFiles(path);
  const choice = page.getByRole("checkbox", { name: "film.bin 209 MB" });
  await choice.waitFor({ timeout: 120_000 });
  const seen = await page.evaluate(() => window.seen);
  const steps = new Set(seen.filter((part) => part > 0 && part < 1));
  assert.ok(steps.size >= 3, `progress in ${steps.size} steps`);
  assert.deepEqual(seen, seen.toSorted((a, b) => a - b), "it never goes back");
  assert.equal(await page.locator("#attach li").count(), 0);

  await page.getByLabel("Your message").fill("Here is the film.");
  await press(page, "Answer");
  await look(page, "conversation-file");
  const saved = await download(page, "Download film.bin");
  assert.equal(saved.name, "film.bin");
  assert.equal(await sum(saved.path), await sum(path));

  const grown = pids.map((pid, at) => memory(pid).most - before[at].now);
  console.log(`the server grew by ${grown[0].toFixed(1)} MB, the store by ${grown[1].toFixed(1)} MB to ${memory(pids[1]).most.toFixed(1)} MB`);
  assert.ok(grown[0] < 20, `the server grew by ${grown[0]} MB`);
  assert.deepEqual(page.complaints, []);
});

test("without scripts a file takes two pages more", async () => {
  const page = await owner({ javaScriptEnabled: false });
  const path = file("plan.pdf", 1 << 20, "%PDF-1.7\n");
  await page.getByLabel("What the file is called").fill("plan.pdf");
  await page.getByLabel("What it is", { exact: true }).selectOption("PDF document");
  await press(page, "Go on");
  await page.getByLabel("The file").setInputFiles(path);
  await press(page, "Send it");
  await page.getByText("The file has arrived.").waitFor();
  await press(page, "Finish");
  await page.getByRole("checkbox", { name: "plan.pdf 1 MB" }).waitFor();
  await page.getByLabel("Your message").fill("Here is the plan.");
  await press(page, "Keep as a note");
  const saved = await download(page, "Download plan.pdf");
  assert.equal(await sum(saved.path), await sum(path));
});

test("each step of a file is a page like the others", async () => {
  const page = await owner();
  await page.locator("#attach form").evaluate((form) => {
    form.elements.file_name.value = "a.pdf";
    form.submit();
  });
  await page.waitForURL("**/attachments/*");
  await look(page, "attachment-expected");
  await press(page, "Finish");
  await page.getByText("The file has not arrived.").waitFor();
  await look(page, "attachment-not-there");
  await page.getByLabel("The file").setInputFiles(file("a.pdf", 1000, "%PDF-1.7\n"));
  await press(page, "Send it");
  await look(page, "attachment-arrived");
  await press(page, "Finish");
  await look(page, "conversation-unsent");
  await page.getByRole("link", { name: "a.pdf" }).click();
  await page.waitForURL("**/attachments/*");
  await look(page, "attachment");
  await press(page, "Delete");
  assert.equal(await page.getByRole("checkbox", { name: "a.pdf" }).count(), 0);
});

test("what is refused says why, and the next file is taken", async () => {
  const page = await owner();
  const lie = join(folder, "page.png");
  writeFileSync(lie, "<!doctype html><script>window.ran = true</script>");
  const right = file("right.pdf", 300, "%PDF-1.7\n");
  await page.getByLabel("Choose files").setInputFiles([lie, right]);
  await page.getByRole("checkbox", { name: "right.pdf" }).waitFor();
  const row = page.locator("#attach li", { hasText: "page.png" });
  assert.match(await row.innerText(), /which a browser runs/);
  await look(page, "conversation-refused");
  // What is given up half-way leaves no row behind.
  const slow = file("slow.bin", 60 << 20);
  await page.getByLabel("Choose files").setInputFiles(slow);
  const sending = page.locator("#attach li", { hasText: "slow.bin" });
  await sending.getByRole("button", { name: "Cancel" }).click();
  await sending.getByText("Cancelled.").waitFor();
  assert.equal(await page.getByRole("checkbox", { name: "slow.bin" }).count(), 0);
});

test("what is cancelled before it is sent is not sent", async () => {
  const page = await owner();
  let go;
  const gate = new Promise((open) => (go = open));
  await page.route("**/conversations/*/attachments", async (route) => {
    await gate;
    await route.continue();
  });
  await page.getByLabel("Choose files").setInputFiles([file("asking.bin", 1000), file("waiting.bin", 1000), file("kept.bin", 1000)]);
  for (const name of ["asking.bin", "waiting.bin"]) {
    await page.locator("#attach li", { hasText: name }).getByRole("button", { name: "Cancel" }).click();
  }
  go();
  await page.getByRole("checkbox", { name: "kept.bin" }).waitFor();
  assert.equal(await page.locator("#attach li", { hasText: "Cancelled." }).count(), 2);
  for (const name of ["asking.bin", "waiting.bin"]) {
    assert.equal(await page.getByRole("checkbox", { name }).count(), 0, name);
  }
});

/** Holds what goes to the store, until it is let go. */
async function hold(page) {
  let go;
  const gate = new Promise((open) => (go = open));
  await page.route((url) => url.origin !== origin, async (route) => {
    await gate;
    await route.continue();
  });
  return go;
}

test("an answer waits for the files that are on their way", async () => {
  const page = await owner();
  const go = await hold(page);
  await page.getByLabel("Choose files").setInputFiles([file("contract.bin", 1000), file("unwanted.bin", 1000)]);
  await page.locator("#attach li", { hasText: "contract.bin" }).getByText("Sending").waitFor();
  await page.getByLabel("Your message").fill("See the contract attached.");
  await page.getByRole("button", { name: "Answer" }).click();
  const held = page.getByRole("status").filter({ hasText: "not sent yet" });
  await held.getByText("contract.bin, unwanted.bin").waitFor();
  assert.ok(await held.evaluate((said) => said === document.activeElement), "whoever hears it is there");
  await look(page, "conversation-held");
  // Nor is the page left without a question.
  const asked = page.waitForEvent("dialog");
  const left = page.getByRole("link", { name: "Inbox" }).first().click({ noWaitAfter: true });
  const dialog = await asked;
  assert.equal(dialog.type(), "beforeunload");
  await Promise.all([dialog.dismiss(), left]);
  await page.locator("#attach li", { hasText: "unwanted.bin" }).getByRole("button", { name: "Cancel" }).click();
  go();
  await page.getByText("No file is on its way any more.").waitFor();
  assert.ok(await page.getByRole("checkbox", { name: "contract.bin" }).isChecked());
  assert.equal(await page.getByLabel("Your message").inputValue(), "See the contract attached.");
  await press(page, "Answer");
  await page.getByRole("button", { name: "Download contract.bin" }).first().waitFor();
  assert.equal(await page.getByRole("button", { name: "Download unwanted.bin" }).count(), 0);
  assert.deepEqual(page.complaints, []);
});

test("a page whose store is elsewhere by now says what to do", async () => {
  const page = await owner();
  await page.getByLabel("Choose files").setInputFiles(file("here.bin", 1000));
  await page.getByRole("checkbox", { name: "here.bin" }).waitFor();
  await page.getByLabel("Your message").fill("Here it is.");
  await press(page, "Answer");
  await page.getByRole("button", { name: "Download here.bin" }).waitFor();
  // As after a restart: a download leads to another port, and nobody listens at the former.
  await page.route("**/link", (route) => route.fulfill({ status: 303, headers: { location: "http://127.0.0.1:9/x" } }));
  await page.getByRole("button", { name: "Download here.bin" }).click();
  await page.getByText("load this page again").waitFor();
  await page.route((url) => url.origin !== origin, (route) => route.abort());
  await page.getByLabel("Choose files").setInputFiles(file("there.bin", 1000));
  const row = page.locator("#attach li", { hasText: "there.bin" });
  await row.getByText("Load this page again").waitFor();
  assert.equal(await page.getByText("No file is on its way").count(), 0);
});

test("whoever signs out meanwhile is told so", async () => {
  const page = await owner();
  await page.context().clearCookies();
  await page.getByLabel("Choose files").setInputFiles(file("late.bin", 1000));
  const row = page.locator("#attach li", { hasText: "late.bin" });
  await row.getByText("before you signed in or out").or(row.getByText("not signed in")).waitFor();
});

test("somebody of another organisation gets nothing with what the first one has", async () => {
  const page = await owner();
  const path = file("secret.pdf", 5000, "%PDF-1.7\n");
  // The policy, as the script gets it.
  const fields = page.waitForRequest((request) => request.method() === "POST" && !request.url().startsWith(origin));
  await page.getByLabel("Choose files").setInputFiles(path);
  const sent = await fields;
  const choice = page.getByRole("checkbox", { name: "secret.pdf" });
  await choice.waitFor();
  const id = await choice.getAttribute("value");
  await page.goto(`/o/kumo-ceramics/attachments/${id}`);
  const saved = await download(page, "Download");

  const other = await stranger();
  for (const org of ["kumo-ceramics", "nordwind-outdoor"]) {
    const answer = await other.goto(`/o/${org}/attachments/${id}`);
    assert.equal(answer.status(), 404);
  }
  await other.goBack();
  await other.goto("/o/nordwind-outdoor/inbox");
  await other.locator("main a[href*='/conversations/']").first().click();
  await other.waitForURL("**/conversations/*");
  // Its address without the signature, or with one that is another's.
  const url = new URL(saved.url);
  const asked = await other.request.get(`${url.origin}${url.pathname}`);
  assert.equal(asked.status(), 403);
  const own = other.waitForRequest((request) => request.method() === "POST" && !request.url().startsWith(origin));
  await other.getByLabel("Choose files").setInputFiles(file("own.pdf", 5000, "%PDF-1.7\n"));
  await own;
  const mine = other.getByRole("checkbox", { name: "own.pdf" });
  await mine.waitFor();
  await other.goto(`/o/nordwind-outdoor/attachments/${await mine.getAttribute("value")}`);
  const theirs = new URL((await download(other, "Download")).url);
  theirs.pathname = url.pathname;
  assert.equal((await other.request.get(theirs.href)).status(), 403);
  // The policy once more, with bytes of one's own: what is there stays.
  const again = await other.request.post(sent.url(), {
    headers: { "content-type": (await sent.allHeaders())["content-type"] },
    data: sent.postDataBuffer() ?? Buffer.alloc(0),
  });
  assert.ok(again.status() >= 400, String(again.status()));
  await page.goto(`/o/kumo-ceramics/attachments/${id}`);
  assert.equal(await sum((await download(page, "Download")).path), await sum(path));
});
