// A token for a program: made, tried as the page says, and revoked.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { device, open, press, signInByMail } from "./world.mjs";

let browser;
before(async () => (browser = await open()));
after(() => browser?.close());

/** What a shell answers to the line that the page shows. */
const run = (line) => JSON.parse(execFileSync("sh", ["-c", line], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));

test("somebody makes a token, tries it with the line that is shown, and revokes it", async () => {
  const page = await device(browser);
  await signInByMail(browser, page, "tom@nordwind-outdoor.example");
  await page.goto("/o/nordwind-outdoor/settings");
  await page.getByRole("link", { name: "API tokens" }).click();
  await page.getByRole("link", { name: "New token" }).click();
  await page.getByLabel("Name").fill("Tom's script");
  await page.getByLabel("Good for").selectOption("7 days");
  await press(page, "Make it");
  const [token, line] = await page.locator(".secret.code").allInnerTexts();
  assert.match(token, /^weft_[\w-]{43}$/);
  assert.equal(run(line).address, "tom@nordwind-outdoor.example");
  await page.getByRole("link", { name: "I have it" }).click();
  const list = await page.locator("main").innerText();
  assert.ok(list.includes("Tom's script") && list.includes("last used") && !list.includes(token), list);
  // Going back does not show it once more: the browser kept nothing, and would have to send the form anew.
  await assert.rejects(page.goBack(), /ERR_CACHE_MISS/);
  await page.waitForURL(/^chrome-error:/);
  await page.goto("/o/nordwind-outdoor/tokens");
  await press(page, "Revoke Tom's script");
  assert.ok(!(await page.locator("main").innerText()).includes("Tom's script"));
  assert.equal(run(line).status, 401);
});
