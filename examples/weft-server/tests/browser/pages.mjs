// Every page, in both sizes and themes: axe finds nothing serious, nothing is wider than the screen, and
// a picture is left to be looked at.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
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
  // Another tab takes the session that the form of this one is of.
  await page.context().clearCookies();
  await page.getByLabel("Password").fill("not the right one at all");
  await press(page, "Sign in");
  await look(page, "too-old");
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
    "settings": at("settings"),
    "tokens-new": at("tokens/new"),
    "sign-on-not-in-plan": at("sign-on"),
  });
  for (const name of ["The importer of orders", "A script"]) {
    await page.goto(at("tokens/new"));
    await page.getByLabel("Name").fill(name);
    await press(page, "Make it");
  }
  await look(page, "tokens-made");
  await page.goto(at("tokens"));
  await look(page, "tokens");
  for (const name of ["The importer of orders", "A script", "demo"]) await press(page, `Revoke ${name}`);
  await look(page, "tokens-none");
  for (const [name, list] of [["conversation", "inbox"], ["customer", "customers"], ["order", "orders"]]) {
    await page.goto(at(list));
    const kind = list === "inbox" ? "conversations" : list;
    const address = await page.locator(`main a[href*='/${kind}/']`).first().getAttribute("href");
    await page.goto(address);
    await look(page, name);
  }
});

/** What Stripe would send to `address`, signed with `secret`. */
async function deliver(page, address, secret, body) {
  const time = Math.floor(Date.now() / 1000);
  const mac = createHmac("sha256", secret).update(`${time}.${body}`).digest("hex");
  const headers = { "stripe-signature": `t=${time},v1=${mac}` };
  const answer = await fetch(address, { method: "POST", headers, body });
  assert.equal(answer.status, 200);
}

test("pages of webhooks", async () => {
  const page = await device(browser);
  await signInByMail(browser, page, "greta@nordwind-outdoor.example");
  const at = (path) => `/o/nordwind-outdoor/${path}`;
  const secret = "whsec_what stripe signs with in this story";
  await visit(page, {
    "settings": at("settings"),
    "webhooks-in-none": at("webhooks/in"),
    "webhooks-deliveries-none": at("webhooks/deliveries"),
    "webhooks-out-none": at("webhooks/out"),
    "webhooks-messages-none": at("webhooks/messages"),
    "webhooks-in-new": at("webhooks/in/new"),
    "webhooks-out-new": at("webhooks/out/new"),
  });

  await page.goto(at("webhooks/in/new"));
  await page.getByLabel("Who sends").selectOption("Stripe");
  await page.getByLabel("Name").fill("Payments of the shop");
  await page.getByLabel("Secret").fill(secret);
  await press(page, "Make the endpoint");
  await look(page, "webhooks-in-new-wrong");
  assert.equal(await page.getByLabel("Secret").inputValue(), "");
  await page.getByLabel("For which shop").selectOption({ index: 1 });
  await press(page, "Make the endpoint");
  await look(page, "webhooks-endpoint-without-secret");
  const endpoint = page.url();
  const address = await page.locator("code.address").innerText();
  for (const time of ["once", "twice"]) {
    await page.getByRole("link", { name: time === "once" ? "Add a secret" : "Change to a new secret" }).click();
    if (time === "twice") await look(page, "webhooks-rotate");
    await page.getByLabel("Secret", { exact: true }).fill(`${secret}, ${time}`);
    await press(page, "Take the new secret");
  }
  await deliver(page, address, `${secret}, once`, "what nobody can read: " + "x".repeat(300));
  await deliver(page, address, `${secret}, twice`, JSON.stringify({ type: "invoice.created", data: {} }));
  await page.goto(endpoint);
  await look(page, "webhooks-endpoint");
  await page.getByRole("link", { name: "What came here" }).click();
  await look(page, "webhooks-deliveries");
  await page.locator("tbody a").last().click();
  await look(page, "webhooks-delivery");
  await press(page, "Try it again");
  await look(page, "webhooks-delivery-again");

  await page.goto(at("webhooks/in/new"));
  await page.getByLabel("Who sends").selectOption("Stalwart");
  await page.getByLabel("Name").fill("Mail");
  await press(page, "Make the endpoint");
  await page.getByRole("link", { name: "Add a secret" }).click();
  await press(page, "Take the new secret");
  await look(page, "webhooks-secret");
  await page.goto(at("webhooks/in"));
  await look(page, "webhooks-in");

  await page.goto(at("webhooks/out/new"));
  await page.getByLabel("Address").fill("https://hooks.example.com/weft/orders-and-conversations");
  await press(page, "Subscribe");
  await look(page, "webhooks-out-new-wrong");
  await page.getByLabel("New conversations").check();
  await page.getByLabel("Changed conversations").check();
  await page.getByLabel("New messages").check();
  await press(page, "Subscribe");
  await look(page, "webhooks-out-secret");
  await page.getByRole("link", { name: "I have it" }).click();
  const subscription = page.url();

  // Something happens, and is told.
  await page.goto(at("inbox"));
  await page.locator("main a[href*='/conversations/']").first().click();
  await press(page, "Close it");
  await page.goto(subscription);
  await look(page, "webhooks-subscription");
  await page.getByRole("link", { name: "What it was told" }).click();
  await look(page, "webhooks-messages");
  await page.locator("tbody a").first().click();
  await look(page, "webhooks-message");
  await page.goto(at("webhooks/out"));
  await look(page, "webhooks-out");
  await page.goto(subscription);
  await press(page, "Turn it off");
  await look(page, "webhooks-subscription-off");
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
