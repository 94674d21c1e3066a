// A member who is limited to one shop, beside the owner.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { device, open, signInByMail } from "./world.mjs";

let browser;
before(async () => (browser = await open()));
after(() => browser?.close());

const shown = async (page, path) => {
  const answer = await page.goto(`/o/kumo-ceramics/${path}`);
  return { status: answer.status(), text: await page.locator("body").innerText() };
};

test("a member of one shop sees that shop, and nothing of the other", async () => {
  const owner = await device(browser);
  await signInByMail(browser, owner, "aiko@kumo-ceramics.example");
  const member = await device(browser);
  await signInByMail(browser, member, "ren@kumo-ceramics.example");

  const [all, some] = [await shown(owner, "orders"), await shown(member, "orders")];
  assert.match(all.text, /Kumo Ceramics Japan/);
  assert.match(all.text, /Kumo Ceramics US/);
  assert.match(some.text, /Kumo Ceramics Japan/);
  for (const path of ["inbox", "orders", "customers", "members"]) {
    const { text } = await shown(member, path);
    assert.ok(!text.includes("Kumo Ceramics US"), `${path}\n${text}`);
  }
  for (const [shop, status] of [["Kumo Ceramics Japan", 200], ["Kumo Ceramics US", 404]]) {
    await shown(owner, "orders");
    const row = owner.locator("tbody tr", { hasText: shop }).first();
    const address = await row.locator("a").first().getAttribute("href");
    assert.equal((await owner.goto(address)).status(), 200);
    assert.equal((await member.goto(address)).status(), status, address);
  }
  for (const path of ["webhooks/in", "webhooks/deliveries", "webhooks/out", "webhooks/messages"]) {
    assert.equal((await shown(owner, path)).status, 200, path);
    assert.equal((await shown(member, path)).status, 403, path);
  }
  assert.ok(!(await shown(member, "settings")).text.includes("Webhooks"));
  assert.equal((await member.goto("/o/nordwind-outdoor/inbox")).status(), 404);
});
