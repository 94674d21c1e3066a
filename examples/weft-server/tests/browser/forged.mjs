// Requests that other origins make this browser send: another site, and one that cookies take for ours.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { after, before, test } from "node:test";
import { device, isIn, open, origin, signUp, tls } from "./world.mjs";

let browser;
let page;
const servers = [];

/** An attacker's page that submits itself, or fetches. */
const attack = (way, target) =>
  way === "form"
    ? `<form method="post" action="${target}"><input name="csrf_token" value="guessed"></form><script>document.forms[0].submit()</script>`
    : `<script>fetch("${target}", { method: "POST", mode: "no-cors", credentials: "include", headers: { "content-type": "application/x-www-form-urlencoded" }, body: "csrf_token=guessed" }).finally(() => (document.title = "done"))</script>`;

async function listen(server, host) {
  server.on("request", (request, response) => {
    const { searchParams } = new URL(request.url, "http://x");
    response.setHeader("content-type", "text/html");
    response.end(attack(searchParams.get("way"), searchParams.get("target")));
  });
  await new Promise((listening) => server.listen(0, host, listening));
  servers.push(server);
  return server.address().port;
}

before(async () => {
  browser = await open();
  page = await device(browser);
  await signUp(browser, page, "fermat@example.com");
});
after(async () => {
  await browser?.close();
  servers.forEach((server) => server.close());
});

const attackers = {
  "another site": async () => `http://127.0.0.1:${await listen(createServer(), "127.0.0.1")}`,
  // Cookies ignore ports, and this is the same site: only the origin tells.
  "another port of this host": async () => {
    const server = createTlsServer({ cert: tls.certificate, key: tls.key });
    return `https://localhost:${await listen(server, "localhost")}`;
  },
};

for (const [name, start] of Object.entries(attackers)) {
  test(`a request that ${name} forges changes nothing`, async () => {
    const attacker = await start();
    const sent = [];
    page.on("request", (request) => request.method() === "POST" && sent.push(request));
    for (const way of ["form", "fetch"]) {
      for (const target of ["/sign-out", "/account/devices/revoke-others", "/sign-in"]) {
        const query = new URLSearchParams({ way, target: origin + target });
        await page.goto(`${attacker}/?${query}`);
        if (way === "form") {
          await page.waitForURL(origin + target);
          assert.match(await page.locator("body").innerText(), /This page is too old/);
        } else {
          await page.waitForFunction(() => document.title === "done");
        }
      }
    }
    assert.equal(sent.length, 6);
    for (const request of sent) {
      const answer = await request.response();
      // A page is kept from scripts of elsewhere by the browser itself, and from us with them.
      if (answer || request.resourceType() !== "fetch") assert.equal(answer.status(), 403, request.url());
    }
    const cookies = await sent[0].headerValue("cookie");
    // The weaker attacker does not even have the session with it.
    assert.equal(Boolean(cookies?.includes("__Host-session=")), name !== "another site");
    assert.ok(await isIn(page));
  });
}
