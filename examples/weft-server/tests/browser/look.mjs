// What every page has to be: axe finds nothing serious, nothing is wider than the screen, in both sizes and
// themes, and a picture is left to be looked at.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pictures = process.env.WEFT_PICTURES;
const sizes = { 360: 740, 1280: 800 };

/** Looks at what `page` shows, under that name. */
export async function look(page, name) {
  const found = [];
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const [width, height] of Object.entries(sizes)) {
      await page.setViewportSize({ width: Number(width), height });
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (over > 0) found.push(`${width} px: ${over} px too wide`);
      // Past the policy, which lets no script of ours in either.
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run());
      for (const { id, impact, nodes } of violations) {
        if (["serious", "critical"].includes(impact)) {
          found.push(`${colorScheme}, ${width} px: ${impact}: ${id}: ${nodes.map((node) => node.html).join(" ")}`);
        }
      }
      await page.screenshot({ path: `${pictures}/${name}-${width}-${colorScheme}.png`, fullPage: true });
    }
  }
  assert.equal(await page.locator("h1").count(), 1, `${name} has one first heading`);
  assert.deepEqual(found, [], name);
}
