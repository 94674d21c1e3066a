// An organisation signs its people in through its identity provider, at a local WorkOS.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { look } from "./look.mjs";
import { device, isIn, open, origin, press, signUp } from "./world.mjs";

// Who is there, as the server's test has set it up.
const owner = "hanna@ullmann.example";
const member = "noor@ullmann.example";

let browser;
before(async () => (browser = await open()));
after(() => browser?.close());

/** Asks to go on at the organisation's, as `member`. */
async function begin(page) {
  await page.goto("/sign-in");
  await page.getByRole("link", { name: "Sign in through your organisation" }).click();
  await page.getByLabel("Email address").fill(member);
  await page.getByRole("button", { name: "Go on" }).click();
}

/** The same, and says where the identity provider would send the browser back to. */
async function beginAndStay(page) {
  let asked;
  await page.route(/\/sso\/authorize/, (route) => {
    asked = route.request().url();
    return route.fulfill({ body: "the identity provider" });
  });
  await begin(page);
  await page.waitForURL(/\/sso\/authorize/);
  const answer = await fetch(asked, { redirect: "manual" });
  return answer.headers.get("location");
}

test("an owner sets it up, who is invited signs in through it, and nobody else does", async () => {
  const page = await device(browser);
  await signUp(browser, page, owner);
  await page.goto("/organizations/new");
  await page.getByLabel("What is it called?").fill("Ullmann Textiles");
  await page.getByLabel("And you?").fill("Hanna");
  await press(page, "Make it");
  const at = (path) => page.url().replace(/(\/o\/[^/]+)\/.*/, `$1/${path}`);
  const [inbox, signOn] = [at("inbox"), at("sign-on")];

  await page.goto(at("settings"));
  await page.getByRole("link", { name: "Single sign-on" }).click();
  await look(page, "sign-on-open");
  await press(page, "Set it up");
  await look(page, "sign-on-begun");
  for (const part of ["Connect your identity provider", "Add and prove domains"]) {
    await page.getByRole("button", { name: part }).click();
    await page.waitForURL(signOn);
  }
  await press(page, "Look again");
  assert.match(await page.locator("main").innerText(), /active[^]*ullmann\.example[^]*proved/);
  await look(page, "sign-on");
  await press(page, "Require it for ullmann.example");
  await look(page, "sign-on-wrong");
  assert.match(await page.getByRole("alert").innerText(), /password and an authenticator app/);

  await page.goto(at("members/invite"));
  await page.getByLabel("Email address").fill(member);
  await page.getByLabel("Name", { exact: true }).fill("Noor");
  await page.getByLabel("The daily work, in all shops").check();
  await press(page, "Send the invitation");

  const noor = await device(browser);
  await begin(noor);
  await noor.waitForURL(inbox);
  const cookies = await noor.context().cookies(origin);
  const session = cookies.find(({ name }) => name === "__Host-session");
  assert.ok(session.secure && session.httpOnly && session.sameSite === "Lax");
  assert.ok(!cookies.some(({ name }) => name.startsWith("__Host-sso")), "the flow is over");
  assert.deepEqual(noor.complaints, []);

  // What another browser began, or begins itself with a state of its own.
  const again = await device(browser);
  const back = await beginAndStay(again);
  const other = await device(browser);
  assert.equal((await other.goto(back)).status(), 410);
  await look(other, "sign-in-sso-over");
  const own = new URL(await beginAndStay(other));
  own.searchParams.set("state", new URL(back).searchParams.get("state"));
  assert.equal((await other.goto(own.href)).status(), 410);
  assert.equal(await isIn(other), false);

  // The browser that began, once.
  const held = await again.context().cookies(origin);
  await again.goto(back);
  assert.equal(again.url(), inbox);
  await again.context().clearCookies();
  await again.context().addCookies(held);
  assert.equal((await again.goto(back)).status(), 410);
  assert.equal(await isIn(again), false);
});

test("an address of no organisation's is told so", async () => {
  const page = await device(browser);
  await page.goto("/sign-in/sso");
  await page.getByLabel("Email address").fill("somebody@example.com");
  await press(page, "Go on");
  assert.match(await page.getByRole("alert").innerText(), /No organisation/);
});
