// The Observatory's own tests and its scanner's arithmetic, over pages that are given as headers.
import { readFileSync } from "node:fs";
import { AxiosHeaders } from "axios";
import { CookieJar } from "tough-cookie";
import { ALL_TESTS } from "@mdn/mdn-http-observatory/src/constants.js";
import { MINIMUM_SCORE_FOR_EXTRA_CREDIT } from "@mdn/mdn-http-observatory/src/grader/charts.js";
import { getGradeForScore, getScoreModifier } from "@mdn/mdn-http-observatory/src/grader/grader.js";
import { Requests } from "@mdn/mdn-http-observatory/src/types.js";

const url = new URL("https://app.invalid/");

function judge(pairs) {
  const headers = { "content-type": "text/html" };
  const jar = new CookieJar();
  for (const [name, value] of pairs) {
    (headers[name] ??= []).push(value); // a header may come several times
    if (name === "set-cookie") jar.setCookieSync(value, url.href, { ignoreError: true });
  }
  const page = { headers: new AxiosHeaders(headers), request: { headers: {} }, status: 200, verified: true, data: "" };
  const requests = new Requests(url.hostname);
  Object.assign(requests.responses, { auto: page, https: page, cors: page, http: null });
  requests.resources.path = "<!doctype html><title>-</title>";
  requests.session = { url, jar };

  const verdicts = ALL_TESTS.map((test) => {
    const output = test(requests);
    return [output.constructor.name, output.result, getScoreModifier(output.result)];
  });
  const sum = (modifiers) => modifiers.reduce((total, modifier) => total + modifier, 100);
  const modifiers = verdicts.map(([, , modifier]) => modifier);
  const uncurved = sum(modifiers.filter((modifier) => modifier < 0));
  const counted = uncurved >= MINIMUM_SCORE_FOR_EXTRA_CREDIT ? sum(modifiers) : uncurved;
  return { verdicts, ...getGradeForScore(counted) };
}

console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(judge)));
