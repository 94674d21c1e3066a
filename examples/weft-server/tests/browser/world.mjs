// What all stories share: browsers that trust the server's certificate, its mail, and an app for codes.

import { X509Certificate, createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

export const origin = process.env.WEFT_ORIGIN;
export const tls = JSON.parse(readFileSync(process.env.WEFT_TLS, "utf8"));
export const password = "tangerine lighthouse saddle";

// This one key is trusted, and no other.
const key = new X509Certificate(tls.certificate).publicKey.export({ type: "spki", format: "der" });
const pin = createHash("sha256").update(key).digest("base64");

/** A browser for one story. */
export async function open() {
  return chromium.launch({
    executablePath: process.env.WEFT_CHROMIUM,
    // As browsers of people have it: a page that is gone back to may be the one that was left.
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
    args: [`--ignore-certificate-errors-spki-list=${pin}`, "--short-reporting-delay"],
  });
}

/** A device of its own: nothing is shared with others, and whatever its pages complain of is kept. */
export async function device(browser, options = {}) {
  const context = await browser.newContext({ baseURL: origin, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.complaints = [];
  page.on("console", (message) => message.type() === "error" && page.complaints.push(message.text()));
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  return page;
}

/** Presses the button of that name, and waits for the page behind it. */
export async function press(page, name) {
  await page.getByRole("button", { name, exact: true }).first().click();
  await page.waitForLoadState();
}

/** The latest link for that purpose that was mailed to `address`: mail takes a moment. */
export async function linkFor(browser, address, purpose) {
  const page = await device(browser);
  try {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      await page.goto("/development/mailbox");
      const mail = page.locator("article", { hasText: `To ${address},` }).first();
      const link = mail.locator(`a[href*='/link/${purpose}?']`);
      if (await link.count()) return await link.first().getAttribute("href");
      await page.waitForTimeout(100);
    }
    throw new Error(`no mail to ${address} for ${purpose}`);
  } finally {
    await page.context().close();
  }
}

/** Signs somebody up, who is in afterwards. */
export async function signUp(browser, page, address) {
  await page.goto("/sign-up");
  await page.getByLabel("Email address").fill(address);
  await page.getByLabel("New password").fill(password);
  await press(page, "Sign up");
  await page.goto(await linkFor(browser, address, "register"));
  await press(page, "Make my account");
}

/** Signs in with the password. */
export async function signIn(page, address) {
  await page.goto("/sign-in");
  await page.getByLabel("Email address").fill(address);
  await page.getByLabel("Password").fill(password);
  await press(page, "Sign in");
}

/** Signs in by mail, in one browser. */
export async function signInByMail(browser, page, address) {
  await page.goto("/sign-in/link");
  await page.getByLabel("Email address").fill(address);
  await press(page, "Send me the link");
  await page.goto(await linkFor(browser, address, "sign-in"));
  await press(page, "Sign in");
}

/** The code that an app shows for a key (RFC 6238), `steps` from now. */
export function code(key, steps = 0) {
  const bits = [...key.replaceAll(" ", "")].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0"));
  const bytes = bits.join("").match(/.{8}/g).map((byte) => parseInt(byte, 2));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const tag = createHmac("sha1", Buffer.from(bytes)).update(counter).digest();
  const number = tag.readUInt32BE(tag[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** Whether somebody is signed in there. */
export async function isIn(page) {
  await page.goto("/account");
  return page.url() === `${origin}/account`;
}
