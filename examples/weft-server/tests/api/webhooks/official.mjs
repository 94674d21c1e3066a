// What Stripe's and Shopify's own libraries sign.
import { readFileSync } from "node:fs";
import "@shopify/shopify-api/adapters/node";
import { createSHA256HMAC } from "@shopify/shopify-api/runtime";
import Stripe from "stripe";

const { secret, bodies } = JSON.parse(readFileSync(0, "utf8"));
const stripe = new Stripe("sk_test").webhooks;
console.log(
  JSON.stringify({
    stripe: {
      "stripe-signature": stripe.generateTestHeaderString({ payload: bodies.stripe, secret }),
    },
    shopify: { "x-shopify-hmac-sha256": await createSHA256HMAC(secret, bodies.shopify) },
  }),
);
