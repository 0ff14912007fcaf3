// The list of requests: filtered, by pages, and with the details of each.

import assert from "node:assert/strict";
import { data, enter, lines, scenario, shown, until } from "./session.mjs";

scenario(async (open) => {
  const page = await open();
  await enter(page);
  await pages(page);
  await filtered(page);
  await details(page);
});

async function pages(page) {
  const all = (await data("requests?limit=200")).requests.map((row) => row.request_id);
  assert.ok(all.length > 60, `the test made only ${all.length} requests`);
  const ids = () => lines(page).locator("td.c-id").allTextContents();
  assert.deepEqual(await ids(), all.slice(0, 50), "the first page");
  await page.getByRole("button", { name: "Load older" }).click();
  await until("lines with the older ones", () => lines(page).count(), all.length);
  assert.deepEqual(await ids(), all, "all pages");
  await page.getByRole("button", { name: "Load older" }).waitFor({ state: "hidden" });
}

async function filtered(page) {
  const byOutcome = page.getByRole("combobox", { name: "Filter by outcome" });
  const byModel = page.getByRole("combobox", { name: "Filter by model" });
  const byAccount = page.getByRole("combobox", { name: "Filter by account" });
  const words = { completed: "completed", upstream_cut: "cut upstream", rate_limited: "rate limited", rejected: "rejected", client_gone: "client left" };
  const column = (name) => lines(page).locator(`td.c-${name}`).allInnerTexts();
  for (const [outcome, word] of Object.entries(words)) {
    await byOutcome.selectOption({ label: word });
    const want = (await data(`requests?outcome=${outcome}`)).requests.length;
    assert.ok(want > 0, `the test made no request that ended as ${outcome}`);
    await until(`outcomes with the filter ${outcome}`, () => column("outcome"), (got) => got.length === want && got.every((text) => text === word));
    assert.equal(new URL(page.url()).searchParams.get("outcome"), outcome);
  }
  await page.getByRole("button", { name: "Clear the filter by outcome" }).click();
  await byModel.selectOption("gpt-4o-mini");
  await until("models with a filter", () => column("model"), (got) => got.length > 0 && got.every((text) => text.startsWith("gpt-4o-mini")));
  await byAccount.selectOption({ label: "two" });
  await until("models and accounts with two filters", async () => [...new Set([...await column("model"), ...await column("account")].map((text) => text.split("\n")[0]))].join(), "gpt-4o-mini,two");
  const both = await lines(page).count();

  await page.reload();
  await shown(page);
  assert.deepEqual([await byModel.inputValue(), await lines(page).count()], ["gpt-4o-mini", both], "the filters live in the address");
  await byOutcome.selectOption({ label: "timeout" });
  await page.getByText("matches the filters").waitFor();
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await until("lines without filters", () => lines(page).count(), 50);

  await page.locator("#p-models").getByRole("button", { name: "gpt-4o-mini" }).click();
  await until("the filter that a bar of the models sets", () => byModel.inputValue(), "gpt-4o-mini");
  await page.getByRole("button", { name: "Clear the filter by model" }).click();
}

async function details(page) {
  const panel = page.getByRole("dialog", { name: "Request" });
  const openOne = async (id) => {
    const line = lines(page).filter({ hasText: id });
    await line.click();
    await panel.getByText(id).waitFor();
    return line.getByRole("button");
  };
  const rows = (await data("requests?limit=200")).requests;
  const hidden = rows.find((row) => row.attempts === 2);
  await page.getByRole("button", { name: "Load older" }).click();
  const opener = await openOne(hidden.request_id);
  const tries = panel.getByRole("listitem");
  assert.equal(await tries.count(), 2, "attempts");
  assert.match(await tries.nth(0).innerText(), /fault at on-demand\.io[^]*\b(one|two)\b/);
  assert.match(await tries.nth(1).innerText(), /went well[^]*\b(one|two)\b/);
  await page.keyboard.press("Escape");
  await panel.waitFor({ state: "hidden" });
  assert.ok(await opener.evaluate((el) => el === document.activeElement), "the focus is to return to the line");

  await openOne(rows.find((row) => row.outcome === "rate_limited").request_id);
  await panel.getByText("No attempt was made").waitFor();
  await panel.getByRole("button", { name: "Close" }).click();
  await openOne(rows.find((row) => row.outcome === "upstream_cut").request_id);
  await panel.getByText("stopped in the middle of the answer").waitFor();
  assert.match(await tries.first().innerText(), /answer cut off/);
}
