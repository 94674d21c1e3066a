// Links by mail: in the browser that asked, on another device, and in the hands of scanners.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { device, isIn, linkFor, open, origin, press, signUp } from "./world.mjs";

let browser;
before(async () => (browser = await open()));
after(() => browser?.close());

async function ask(page, address) {
  await page.goto("/sign-in/link");
  await page.getByLabel("Email address").fill(address);
  await press(page, "Send me the link");
  return linkFor(browser, address, "sign-in");
}

async function signedUp(address) {
  const page = await device(browser);
  await signUp(browser, page, address);
  await page.context().close();
}

test("a link signs in where it was asked for, once", async () => {
  await signedUp("bell@example.com");
  const desk = await device(browser);
  const link = await ask(desk, "bell@example.com");
  await desk.goto(link);
  await press(desk, "Sign in");
  assert.ok(await isIn(desk));
  const answer = await desk.goto(link);
  assert.equal(answer.status(), 410);
  assert.match(await desk.locator("main").innerText(), /Not good any more/);
});

test("on another device a link shows a code for the first, and no button", async () => {
  await signedUp("curie@example.com");
  const desk = await device(browser);
  const link = await ask(desk, "curie@example.com");
  const telephone = await device(browser);
  await telephone.goto(link);
  assert.equal(await telephone.getByRole("button").count(), 0);
  const code = await telephone.locator(".one-time").innerText();
  await desk.getByLabel("Code").fill(code);
  await desk.keyboard.press("Enter");
  await desk.waitForURL((url) => !url.pathname.startsWith("/mailed"));
  assert.ok(await isIn(desk));
  assert.ok(!(await isIn(telephone)));
});

test("a scanner that fetches a link does not use it up", async () => {
  await signedUp("darwin@example.com");
  const desk = await device(browser);
  const link = await ask(desk, "darwin@example.com");
  const scanner = await device(browser);
  for (const method of ["GET", "HEAD", "GET"]) await scanner.request.fetch(link, { method });
  await desk.goto(link);
  await press(desk, "Sign in");
  assert.ok(await isIn(desk));
});

test("a scanner that runs scripts, presses everything and follows all it sees gets nowhere", async () => {
  await signedUp("euler@example.com");
  const desk = await device(browser);
  const link = await ask(desk, "euler@example.com");
  const scanner = await device(browser);
  await scanner.goto(link);
  await scanner.waitForTimeout(300);
  // What nothing happens to by waiting: every link is followed, and every form sent off.
  const links = await scanner.locator("a").evaluateAll((all) => all.map((one) => one.href));
  for (const url of links) if (url.startsWith(origin)) await scanner.goto(url);
  await scanner.goto(link);
  await scanner.evaluate(() => [...document.forms].forEach((form) => form.submit()));
  await scanner.waitForLoadState();
  assert.ok(!(await isIn(scanner)));
  await desk.goto(link);
  await press(desk, "Sign in");
  assert.ok(await isIn(desk));
});
