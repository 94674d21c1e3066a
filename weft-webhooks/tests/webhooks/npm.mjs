// The senders' own libraries: they accept what the tests' sender sent, and sign a body themselves.
import { readFileSync } from "node:fs";
import { sign, verify } from "@octokit/webhooks-methods";
import { Webhook as Standard } from "standardwebhooks";
import Stripe from "stripe";
import { Webhook as Svix } from "svix";

const { secret, time, body, sent } = JSON.parse(readFileSync(0, "utf8"));
const stripe = new Stripe("sk_test").webhooks;
const standard = new Standard(secret);
const svix = new Svix(secret);

stripe.constructEvent(body, sent.stripe["stripe-signature"], secret);
standard.verify(body, sent.standard);
svix.verify(body, sent.svix);
if (!(await verify(secret, body, sent.github["x-hub-signature-256"]))) {
  throw new Error("github");
}

const at = new Date(time * 1000);
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
  }),
);
