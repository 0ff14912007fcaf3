// Whatever a model, an account, an access token or a request is called: it is text and nothing else.

import assert from "node:assert/strict";
import { base, enter, lines, scenario, until } from "./session.mjs";

const { model, account, accessToken, requestID, unknown } = JSON.parse(process.env.NAMES);

scenario(async (open) => {
  const page = await open({ allow: [/status of 400 .*outcome=/] });
  await enter(page);
  const panel = page.getByRole("dialog", { name: "Request" });
  const line = lines(page).filter({ hasText: requestID });
  for (const [column, text] of Object.entries({ model, account: unknown, id: requestID })) {
    assert.equal(await line.locator(`td.c-${column} .clip`).textContent(), text, `column ${column}`);
  }
  await line.click();
  for (const text of [model, unknown, requestID, accessToken]) await panel.getByText(text, { exact: true }).first().waitFor();
  await checkMarkup(page, "in the details");
  await page.keyboard.press("Escape");

  await page.locator("#p-accounts").getByText(account, { exact: true }).waitFor();
  await page.locator("#p-models").getByText(model, { exact: true }).waitFor();
  await page.locator("#p-models").getByText(accessToken, { exact: true }).waitFor();
  for (const [name, text] of Object.entries({ model, account })) {
    await page.getByRole("combobox", { name: `Filter by ${name}` }).selectOption({ label: text });
    await until(`lines of the ${name}`, () => lines(page).locator(`td.c-${name} .clip`).allTextContents(), (got) => got.length > 0 && got.every((one) => one === text));
    await checkMarkup(page, `filtered by ${name}`);
    await page.getByRole("button", { name: `Clear the filter by ${name}` }).click();
  }
  for (const id of ["p-requests", "p-tokens", "p-latency"]) await chart(page, page.locator("#" + id));
  await page.reload(); // with what is in the address by now
  await line.waitFor();
  await page.getByRole("button", { name: "中文" }).click();
  await page.getByRole("heading", { name: "最近请求" }).waitFor();
  await checkMarkup(page, "in Chinese");

  await page.goto(`${base}/?${new URLSearchParams({ model, account: unknown, range: model })}`);
  await line.waitFor();
  assert.equal(await lines(page).count(), 1, "lines that the address chooses");
  await page.goto(`${base}/?${new URLSearchParams({ model, outcome: requestID })}`);
  await line.waitFor(); // there is no such outcome: it chooses nothing
  await checkMarkup(page, "with markup in the address");
});

async function chart(page, panel) {
  const plot = panel.locator(".plot");
  await plot.focus();
  await page.keyboard.press("ArrowLeft");
  await panel.locator(".tip").waitFor();
  await checkMarkup(page, "in a tooltip");
  await panel.getByRole("button", { name: "Show as table" }).click();
  await panel.getByRole("rowheader").first().waitFor();
  await checkMarkup(page, "in the table of a chart");
}

// Names hold elements that the page has nowhere else.
async function checkMarkup(page, where) {
  const found = await page.evaluate(() => [...document.querySelectorAll("marquee, body script, img:not(.brand img), [onerror], [onclick], [onmouseover]")].map((el) => el.outerHTML));
  assert.deepEqual(found, [], `names became markup ${where}`);
}
