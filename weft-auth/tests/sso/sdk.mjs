// WorkOS's own SDK, which signs somebody in and reads connections.
import { readFileSync } from "node:fs";
import { WorkOS } from "@workos-inc/node";

const given = JSON.parse(readFileSync(0, "utf8"));
const { clientId, redirectUri, organization, codeVerifier } = given;
const at = { apiHostname: "127.0.0.1", port: given.port, https: false, clientId };
const workos = new WorkOS(given.apiKey, at);

/** Where an authorize URL leads back to. */
async function follow(url) {
  const answer = await fetch(url, { redirect: "manual" });
  return new URL(answer.headers.get("location")).searchParams;
}

/** What a promise is rejected with. */
async function rejection(promise) {
  return promise.then(
    () => null,
    (error) => error,
  );
}

if (process.argv[2] === "limited") {
  const error = await rejection(workos.sso.getConnection("conn_1"));
  console.log(JSON.stringify([error.name, error.retryAfter]));
  process.exit();
}

const url = workos.sso.getAuthorizationUrl({
  clientId,
  redirectUri,
  organization,
  state: given.state,
  codeChallenge: given.codeChallenge,
  codeChallengeMethod: "S256",
});
const back = await follow(url);
if (back.get("state") !== given.state) throw new Error("another state");
const code = back.get("code");
const { profile, accessToken } = await workos.sso.getProfileAndToken({ code, clientId, codeVerifier });
const again = await workos.sso.getProfile({ accessToken });
const twice = await rejection(workos.sso.getProfileAndToken({ code, clientId, codeVerifier }));
const ended = await rejection(workos.sso.getProfile({ accessToken }));

const other = (await follow(url)).get("code");
const wrongVerifier = await rejection(
  workos.sso.getProfileAndToken({ code: other, clientId, codeVerifier: "x".repeat(43) }),
);

const pkce = await workos.sso.getAuthorizationUrlWithPKCE({ clientId, redirectUri, connection: "conn_1" });
const generated = await workos.sso.getProfileAndToken({
  code: (await follow(pkce.url)).get("code"),
  clientId,
  codeVerifier: pkce.codeVerifier,
});

const connection = await workos.sso.getConnection("conn_1");
const list = await workos.sso.listConnections({ organizationId: organization, limit: 100 });
const first = await workos.sso.listConnections({ limit: 1 });
const second = await workos.sso.listConnections({ limit: 1, after: first.listMetadata.after });
const pages = [...first.data, ...second.data, second.listMetadata.after];
const named = { events: ["connection.activated"], limit: 1 };
const told = await workos.events.listEvents(named);
const later = await workos.events.listEvents({ ...named, after: told.listMetadata.after });
const verify = (webhook) =>
  workos.webhooks.constructEvent({
    payload: JSON.parse(webhook.body),
    sigHeader: webhook.signature,
    secret: given.secret,
    tolerance: Date.now(),
  });
const webhook = await verify(given.webhook);
const forged = await rejection(verify(given.forged));

const missing = await rejection(workos.sso.getConnection("conn_9"));
const wrongKey = await rejection(new WorkOS("sk_test_wrong", at).sso.getConnection("conn_1"));

const denied = await follow(
  workos.sso.getAuthorizationUrl({ clientId, redirectUri, connection: "conn_2", state: "s" }),
);

console.log(
  JSON.stringify({
    url,
    profile,
    again: again.id,
    twice: [twice.name, twice.error],
    endedProfile: ended.name,
    wrongVerifier: [wrongVerifier.name, wrongVerifier.error],
    generated: generated.profile.idpId,
    connection: [connection.id, connection.organizationId, connection.state],
    connections: list.data.map(({ id }) => id),
    pages: pages.map((connection) => connection?.id ?? null),
    told: [...told.data, ...later.data].map(({ event, data }) => [event, data.id]),
    webhook: [webhook.id, webhook.event, webhook.data.id],
    forged: forged.name,
    missing: missing.name,
    wrongKey: wrongKey.name,
    denied: denied.get("error"),
  }),
);
