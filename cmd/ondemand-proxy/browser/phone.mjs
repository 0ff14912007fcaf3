// On a phone nothing is wider than the screen, and the key figures stand in it.

import assert from "node:assert/strict";
import { base, card, enter, lines, phone, scenario } from "./session.mjs";

scenario(async (open) => {
  const page = await open(phone);
  await page.goto(base + "/");
  await page.getByLabel("Password").waitFor();
  await fits(page, "the login form");
  await enter(page);
  await fits(page, "the dashboard");
  for (const name of ["Requests", "Success rate", "Tokens", "First token"]) {
    const box = await card(page, name).boundingBox();
    assert.ok(box && box.x >= 0 && box.x + box.width <= phone.viewport.width && box.y + box.height <= 844, `the figure ${name} is at ${JSON.stringify(box)}, not on the first screen`);
  }
  for (const name of ["Connect", "中文", "Log out"]) {
    const box = await page.getByRole("button", { name, exact: true }).boundingBox();
    assert.ok(box && box.x >= 0 && box.x + box.width <= phone.viewport.width && box.height >= 24, `the button ${name} is at ${JSON.stringify(box)}`);
  }
  await lines(page).first().tap();
  const details = page.getByRole("dialog", { name: "Request" });
  await details.waitFor();
  await fits(page, "the details");
  await details.getByRole("button", { name: "Close" }).tap();
  await page.getByRole("button", { name: "Connect", exact: true }).tap();
  const connect = page.getByRole("dialog", { name: "Connect a client" });
  for (const tab of await connect.getByRole("tab").all()) {
    await tab.tap();
    await fits(page, `the panel Connect at ${await tab.textContent()}`);
  }
  await connect.getByRole("button", { name: "Close" }).tap();
  await page.getByRole("button", { name: "Show as table" }).first().tap();
  await fits(page, "the table of a chart");
  await page.getByRole("button", { name: "中文" }).tap();
  await page.getByRole("heading", { name: "最近请求" }).waitFor();
  await fits(page, "the dashboard in Chinese");
});

// Neither the page nor a panel over it scrolls sideways, and nothing stands out to the right.
async function fits(page, what) {
  const wide = await page.evaluate(() => {
    const found = [document.documentElement, ...document.querySelectorAll("dialog[open], dialog[open] .side-body")]
      .filter((el) => el.scrollWidth > el.clientWidth)
      .map((el) => `${el.localName}.${el.className} ${el.scrollWidth} > ${el.clientWidth}`);
    return document.documentElement.scrollWidth > innerWidth ? [...found, `the page ${document.documentElement.scrollWidth} > ${innerWidth}`] : found;
  });
  assert.deepEqual(wide, [], `${what} is wider than the screen`);
}
