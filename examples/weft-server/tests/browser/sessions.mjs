// What is left of a session in a browser: cookies, the back button, and other tabs.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { device, isIn, open, press, signIn, signUp } from "./world.mjs";

let browser;
before(async () => (browser = await open()));
after(() => browser?.close());

test("cookies are this host's alone, and no script reads them", async () => {
  const page = await device(browser);
  await signUp(browser, page, "gauss@example.com");
  const cookies = await page.context().cookies();
  const names = cookies.map((cookie) => cookie.name).sort();
  assert.deepEqual(names, ["__Host-browser", "__Host-csrf", "__Host-session"]);
  for (const cookie of cookies) {
    assert.equal(cookie.domain, "localhost", cookie.name);
    assert.equal(cookie.path, "/", cookie.name);
    assert.equal(cookie.httpOnly, true, cookie.name);
    assert.equal(cookie.secure, true, cookie.name);
    assert.match(cookie.sameSite, /^(Lax|Strict)$/, cookie.name);
  }
  assert.equal(cookies.find((cookie) => cookie.name === "__Host-session").expires, -1);
  assert.equal(await page.evaluate(() => document.cookie), "");
  assert.deepEqual(await page.evaluate(() => [localStorage.length, sessionStorage.length]), [0, 0]);
});

test("after the sign-out the back button shows nothing", async () => {
  const page = await device(browser);
  await signUp(browser, page, "hopper@example.com");
  await page.goto("/account");
  assert.match(await page.locator("main").innerText(), /hopper@example\.com/);
  await page.goto("/organizations");
  await page.goto("/account");
  await press(page, "Sign out");
  assert.ok(page.url().endsWith("/sign-in"), page.url());
  const left = await page.context().cookies();
  assert.deepEqual(left.map((cookie) => cookie.name), ["__Host-csrf"], "the one of the form to sign in");
  for (let step = 0; step < 3; step += 1) {
    // A page that was kept is shown without being loaded.
    await page.goBack({ waitUntil: "commit" });
    await page.waitForTimeout(300);
    const text = await page.locator("body").innerText();
    assert.ok(!text.includes("hopper@example.com"), `${page.url()}\n${text}`);
  }
});

test("two tabs are one session: forms of both are taken, and a sign-out is for both", async () => {
  const one = await device(browser);
  await signUp(browser, one, "ishango@example.com");
  const two = await one.context().newPage();
  await one.goto("/organizations/new");
  await two.goto("/organizations/new");
  for (const [tab, name] of [[one, "First"], [two, "Second"]]) {
    await tab.locator("[name=name]").fill(name);
    await tab.locator("[name=display_name]").fill("Ishango");
    await tab.locator("main form button").click();
    await tab.waitForURL("**/o/**");
  }
  await one.goto("/account");
  await two.goto("/account");
  await press(one, "Sign out");
  await press(two, "Sign out");
  assert.ok(!(await isIn(two)));
  // Somebody signs in again, and a form of before that is refused, kindly.
  await one.goto("/sign-in");
  await two.goto("/sign-in");
  await signIn(one, "ishango@example.com");
  await two.getByLabel("Email address").fill("ishango@example.com");
  await two.getByLabel("Password").fill("whatever it was before");
  await press(two, "Sign in");
  assert.match(await two.locator("body").innerText(), /This page is too old/);
  assert.ok(await isIn(one));
});
