// No serious finding of axe-core anywhere, in both themes and at both sizes; and everything is reached by keyboard.

import assert from "node:assert/strict";
import axe from "axe-core";
import { base, desk, enter, lines, phone, scenario } from "./session.mjs";

scenario(async (open) => {
  const page = await open();
  await page.goto(base + "/");
  await page.getByLabel("Password").waitFor();
  await examine(page, "the login form");
  await enter(page);
  await keyboard(page);
  await examine(page, "the dashboard");
  await lines(page).first().click();
  await page.getByRole("dialog", { name: "Request" }).waitFor();
  await examine(page, "the details");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await page.getByRole("dialog", { name: "Connect a client" }).waitFor();
  await examine(page, "the panel Connect");
  await page.keyboard.press("Escape");

  const unused = await open();
  await enter(unused, { url: process.env.UNUSED_URL });
  await unused.getByText("Send one with a client, and it appears here").waitFor();
  await examine(unused, "the dashboard without requests");
});

async function examine(page, what) {
  await page.evaluate(axe.source);
  for (const [size, { viewport }] of Object.entries({ desk, phone })) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const violations = await page.evaluate(async () => (await window.axe.run(document, { resultTypes: ["violations"] })).violations);
      const words = violations.map(({ id, impact, help, nodes }) => `${impact} ${id}: ${help}\n${nodes.slice(0, 3).map((node) => `  ${node.html.slice(0, 200)}\n  ${node.failureSummary}`).join("\n")}`);
      const where = `${what}, ${size}, ${colorScheme}`;
      if (words.length > 0) console.log(`${where}: ${words.join("\n")}`);
      assert.deepEqual(violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ id }) => id), [], `axe-core on ${where}: ${words.join("\n")}`);
    }
  }
  await page.setViewportSize(desk.viewport);
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
}

// By keyboard alone: the bar in its order, then a line, its details, and back.
async function keyboard(page) {
  const passed = [];
  const limit = 60;
  const next = async () => {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const el = document.activeElement;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(el);
      const line = el.matches(".row-open") ? getComputedStyle(el, "::after") : null;
      const box = el.getBoundingClientRect();
      return {
        name: (el.getAttribute("aria-label") || el.textContent).trim(),
        row: el.matches(".row-open"),
        seen: (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none" || (line !== null && line.outlineStyle !== "none"),
        inside: box.top < innerHeight && box.bottom > 0,
      };
    });
    passed.push(at);
    assert.ok(at.seen && at.inside, `the focus cannot be seen on ${JSON.stringify(at)}`);
    return at;
  };
  while (!(await next()).row) assert.ok(passed.length < limit, `no line of the list within ${limit} steps of Tab: ${passed.map((at) => at.name).join(" | ")}`);
  const names = passed.map((at) => at.name);
  const bar = [/^Skip to content/, /^1 h$/, /^90 d$/, /^Live updates|^Updates|updated/, /^Connect$/, /^中文$/, /^Theme/, /^Log out$/, /^Show as table$/, /^Test now/, /^Filter by model/, /CSV/];
  let from = 0;
  for (const pattern of bar) {
    const at = names.findIndex((name, i) => i >= from && pattern.test(name));
    assert.ok(at >= 0, `Tab does not come by ${pattern} after ${names[from - 1]}: ${names.join(" | ")}`);
    from = at + 1;
  }
  const panel = page.getByRole("dialog", { name: "Request" });
  await page.keyboard.press("Enter");
  await panel.waitFor();
  for (let i = 0; i < 6; i++) {
    await page.keyboard.press("Tab");
    assert.ok(await panel.evaluate((el) => el.contains(document.activeElement) || document.activeElement === document.body), "the focus stays in the panel");
  }
  await page.keyboard.press("Escape");
  await panel.waitFor({ state: "hidden" });
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), names.at(-1), "the focus is to return to the line");

  await page.keyboard.press("Home");
  await page.getByRole("button", { name: "Connect", exact: true }).press("Enter");
  const connect = page.getByRole("dialog", { name: "Connect a client" });
  await connect.getByRole("tab", { name: "curl", selected: true }).focus();
  await page.keyboard.press("ArrowRight");
  await connect.getByRole("tab", { name: "Python", selected: true }).waitFor();
  assert.ok(!(await connect.innerText()).includes(process.env.ACCESS_TOKEN), "the panel holds the access token");
  assert.match(await connect.innerText(), new RegExp(`${base}/v1`));
  for (const [setting, buttons] of [["Base URL", 1], ["API key", 0]]) { // what stands for the token is not worth copying
    const line = connect.locator("dl.settings > div").filter({ has: page.getByText(setting, { exact: true }) }).first();
    assert.equal(await line.getByRole("button", { name: "Copy" }).count(), buttons, `buttons that copy beside ${setting}`);
  }
  await page.keyboard.press("Escape");
  await connect.waitFor({ state: "hidden" });
}
