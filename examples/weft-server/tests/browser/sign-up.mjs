// From nobody to an organisation of one's own with an app, and out again on another device.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { code, device, open, password, press, signIn, signUp } from "./world.mjs";

let browser;
before(async () => (browser = await open()));
after(() => browser?.close());

test("somebody signs up, adds an app, and signs another device out", async () => {
  const ada = "ada@example.com";
  const desk = await device(browser);
  await signUp(browser, desk, ada);
  assert.equal(await desk.evaluate(() => isSecureContext), true);

  await desk.goto("/organizations/new");
  await desk.locator("[name=name]").fill("Ada & Söhne");
  await desk.locator("[name=display_name]").fill("Ada <Lovelace>");
  await desk.locator("main form button").click();
  await desk.waitForURL("**/o/**");
  assert.match(await desk.locator("header").innerText(), /Ada & Söhne\s+Ada <Lovelace>/);

  await desk.goto("/account/app");
  assert.ok(await desk.locator(".qr svg").isVisible());
  const key = await desk.locator(".secret.code").innerText();
  await desk.getByLabel("Code of your authenticator app").fill(code(key, -1));
  await press(desk, "Add the app");
  assert.equal(await desk.locator("main ul li").count(), 10);

  const telephone = await device(browser, { userAgent: "Telephone" });
  await signIn(telephone, ada);
  assert.ok(telephone.url().endsWith("/sign-in/second-factor"), telephone.url());
  await telephone.getByLabel("Code of your authenticator app").fill(code(key));
  await press(telephone, "Go on");
  assert.ok(!telephone.url().includes("/sign-in"), telephone.url());

  await desk.goto("/account");
  assert.match(await desk.locator("main").innerText(), /This one/);
  await press(desk, "Sign out Telephone");
  await telephone.goto("/account");
  assert.ok(telephone.url().endsWith("/sign-in"), telephone.url());
  await desk.goto("/account");
  assert.ok(desk.url().endsWith("/account"));
  assert.deepEqual(desk.complaints, []);
});
