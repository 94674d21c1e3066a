// Signing in and looking around with the keyboard alone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { device, isIn, open, password, signUp } from "./world.mjs";

let browser;
before(async () => (browser = await open()));
after(() => browser?.close());

/** Goes on with the Tab key until `selector` has the focus, which has to be seen. */
async function tabTo(page, selector) {
  for (let presses = 0; presses < 30; presses += 1) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate((selector) => {
      const element = document.activeElement;
      const style = getComputedStyle(element);
      const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
      return { there: element.matches(selector), seen, what: element.outerHTML.slice(0, 80) };
    }, selector);
    assert.ok(focus.seen, `the focus is not to be seen on ${focus.what}`);
    if (focus.there) return;
  }
  assert.fail(`no Tab leads to ${selector}`);
}

test("somebody signs in, skips the navigation and signs out by keyboard", async () => {
  const first = await device(browser);
  await signUp(browser, first, "jacobi@example.com");
  const page = await device(browser);
  await page.goto("/");
  await tabTo(page, "a[href='/sign-in']");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/sign-in");
  await tabTo(page, "[name=email]");
  await page.keyboard.type("jacobi@example.com");
  await tabTo(page, "[name=password]");
  await page.keyboard.type(password);
  await tabTo(page, "[name=remember]");
  await page.keyboard.press("Space");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname !== "/sign-in");
  assert.ok(await isIn(page));
  const cookies = await page.context().cookies();
  assert.ok(cookies.find((cookie) => cookie.name === "__Host-session").expires > Date.now() / 1000);

  await page.goto("/account");
  await tabTo(page, "form[action='/sign-out'] button");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/sign-in");
  assert.ok(!(await isIn(page)));
});
