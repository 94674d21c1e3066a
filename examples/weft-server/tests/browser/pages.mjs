// Every page, in both sizes and themes: axe finds nothing serious, nothing is wider than the screen, and
// a picture is left to be looked at.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { look } from "./look.mjs";
import { code, device, linkFor, open, press, signIn, signInByMail, signUp } from "./world.mjs";

let browser;
before(async () => (browser = await open()));
after(() => browser?.close());

async function visit(page, pages) {
  for (const [name, path] of Object.entries(pages)) {
    await page.goto(path);
    assert.ok(page.url().endsWith(path), `${name} led to ${page.url()}`);
    await look(page, name);
  }
}

test("pages for everybody", async () => {
  const page = await device(browser);
  await visit(page, {
    "landing": "/",
    "sign-in": "/sign-in",
    "sign-in-link": "/sign-in/link",
    "sign-in-sso": "/sign-in/sso",
    "sign-in-owner": "/sign-in/owner",
    "sign-up": "/sign-up",
    "reset": "/reset",
    "nothing": "/nowhere",
    "link-not-good": "/link/sign-in?token=x",
    "mailbox": "/development/mailbox",
    "reports": "/development/reports",
  });
  await page.goto("/sign-in");
  await page.getByLabel("Email address").fill("nobody@example.com");
  await page.getByLabel("Password").fill("not the right one at all");
  await press(page, "Sign in");
  await look(page, "sign-in-wrong");
});

test("pages of an account", async () => {
  const page = await device(browser);
  const address = "kepler@example.com";
  await signUp(browser, page, address);
  await visit(page, {
    "organizations-none": "/organizations",
    "organizations-new": "/organizations/new",
    "account": "/account",
    "account-password": "/account/password",
    "account-address": "/account/address",
    "account-confirm": "/account/confirm",
    "account-deletion": "/account/deletion",
  });
  await page.goto("/account/app");
  await look(page, "account-app");
  const key = await page.locator(".secret.code").innerText();
  await page.locator("#code").fill(code(key));
  await press(page, "Add the app");
  await look(page, "account-app-codes");

  const other = await device(browser);
  await signIn(other, address);
  await look(other, "second-factor");
  await other.goto("/sign-in/link");
  await other.getByLabel("Email address").fill(address);
  await press(other, "Send me the link");
  await look(other, "mailed");
  const link = await linkFor(browser, address, "sign-in");
  await other.goto(link);
  await look(other, "link");
  await page.goto(link);
  await look(page, "link-elsewhere");
});

test("pages of an organisation", async () => {
  const page = await device(browser);
  await signInByMail(browser, page, "greta@nordwind-outdoor.example");
  const at = (path) => `/o/nordwind-outdoor/${path}`;
  await visit(page, {
    "organizations": "/organizations",
    "inbox": at("inbox"),
    "inbox-closed": at("inbox?state=closed"),
    "customers": at("customers"),
    "orders": at("orders"),
    "members": at("members"),
    "members-invite": at("members/invite"),
    "sign-on-not-in-plan": at("sign-on"),
  });
  for (const [name, list] of [["conversation", "inbox"], ["customer", "customers"], ["order", "orders"]]) {
    await page.goto(at(list));
    const kind = list === "inbox" ? "conversations" : list;
    const address = await page.locator(`main a[href*='/${kind}/']`).first().getAttribute("href");
    await page.goto(address);
    await look(page, name);
  }
});

test("the first page is there at once", async () => {
  const page = await device(browser);
  const client = await page.context().newCDPSession(page);
  await client.send("Network.enable");
  let bytes = 0;
  client.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
  await page.goto("/", { waitUntil: "load" });
  await page.waitForTimeout(200);
  const time = await page.evaluate(() => performance.getEntriesByType("navigation")[0].loadEventEnd);
  console.log(`first page: ${Math.round(time)} ms to load, ${bytes} bytes over the wire`);
  assert.ok(bytes > 1000 && bytes < 100 * 1024, `${bytes} bytes`);
});
