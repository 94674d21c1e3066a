// The senders' own libraries: they accept what was sent, and sign a body themselves.
import { readFileSync } from "node:fs";
import "@shopify/shopify-api/adapters/node";
import { sign, verify } from "@octokit/webhooks-methods";
import { ApiVersion, shopifyApi } from "@shopify/shopify-api";
import { createSHA256HMAC } from "@shopify/shopify-api/runtime";
import { WorkOS } from "@workos-inc/node";
import { Webhook as Standard } from "standardwebhooks";
import Stripe from "stripe";
import { Webhook as Svix } from "svix";

const { secret, time, body, sent } = JSON.parse(readFileSync(0, "utf8"));
const stripe = new Stripe("sk_test").webhooks;
const standard = new Standard(secret);
const svix = new Svix(secret);
const workos = new WorkOS("sk_test").webhooks;
const shopify = shopifyApi({
  apiKey: "key",
  apiSecretKey: secret,
  apiVersion: ApiVersion.July26,
  hostName: "localhost",
  isEmbeddedApp: false,
  logger: { log: () => {} },
}).webhooks;

// What Shopify's library wants to see besides the signature.
const unsigned = {
  "x-shopify-topic": "orders/create",
  "x-shopify-shop-domain": "one.myshopify.com",
  "x-shopify-api-version": "2026-07",
  "x-shopify-webhook-id": "1",
};

stripe.constructEvent(body, sent.stripe["stripe-signature"], secret);
standard.verify(body, sent.standard);
svix.verify(body, sent.svix);
const accepted = {
  github: await verify(secret, body, sent.github["x-hub-signature-256"]),
  shopify: (
    await shopify.validate({
      rawBody: body,
      rawRequest: { method: "POST", url: "/", headers: { ...sent.shopify, ...unsigned } },
    })
  ).valid,
  workos: await workos.verifyHeader({
    payload: JSON.parse(body), // which it writes again
    sigHeader: sent.workos["workos-signature"],
    secret,
  }),
};
for (const [name, yes] of Object.entries(accepted)) {
  if (yes !== true) throw new Error(`${name} refused`);
}

const at = new Date(time * 1000);
const milliseconds = `${time * 1000}`;
console.log(
  JSON.stringify({
    stripe: {
      "stripe-signature": stripe.generateTestHeaderString({ payload: body, secret, timestamp: time }),
    },
    standard: {
      "webhook-id": "msg_2",
      "webhook-timestamp": `${time}`,
      "webhook-signature": standard.sign("msg_2", at, body),
    },
    svix: {
      "svix-id": "msg_3",
      "svix-timestamp": `${time}`,
      "svix-signature": svix.sign("msg_3", at, body),
    },
    github: { "x-hub-signature-256": await sign(secret, body) },
    shopify: { "x-shopify-hmac-sha256": await createSHA256HMAC(secret, body) },
    workos: {
      "workos-signature": `t=${milliseconds}, v1=${await workos.computeSignature(milliseconds, JSON.parse(body), secret)}`,
    },
  }),
);
