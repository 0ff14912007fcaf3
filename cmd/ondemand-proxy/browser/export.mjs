// The exports hold what range and filters choose, and nothing else.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { data, enter, scenario } from "./session.mjs";

scenario(async (open) => {
  const page = await open();
  await enter(page);
  const download = async (format) => {
    const coming = page.waitForEvent("download");
    await page.getByRole("link", { name: `Export these requests as ${format}` }).click();
    const file = await coming;
    assert.match(file.suggestedFilename(), new RegExp(`^requests-[\\d-]+\\.${format.toLowerCase()}$`));
    return readFile(await file.path(), "utf8");
  };
  const idsOf = (rows) => rows.map((row) => row.request_id).sort();
  const table = (text) => {
    const [head, ...rest] = text.replace(/^\ufeff/, "").trim().split(/\r?\n/).map((line) => line.split(","));
    return rest.map((cells) => Object.fromEntries(head.map((name, i) => [name, cells[i]])));
  };

  const all = (await data("requests?limit=200")).requests;
  assert.deepEqual(idsOf(table(await download("CSV"))), idsOf(all), "everything as CSV");
  assert.deepEqual(idsOf(JSON.parse(await download("JSON"))), idsOf(all), "everything as JSON");

  await page.getByRole("combobox", { name: "Filter by model" }).selectOption("gpt-4o-mini");
  await page.getByRole("combobox", { name: "Filter by outcome" }).selectOption({ label: "completed" });
  const chosen = all.filter((row) => row.model === "gpt-4o-mini" && row.outcome === "completed");
  assert.ok(chosen.length > 0 && chosen.length < all.length, `the filters choose ${chosen.length} of ${all.length}`);
  const rows = table(await download("CSV"));
  assert.deepEqual(idsOf(rows), idsOf(chosen), "the filtered ones as CSV");
  assert.ok(rows.every((row) => row.model === "gpt-4o-mini" && row.outcome === "completed"), "columns of the CSV");
  const objects = JSON.parse(await download("JSON"));
  assert.deepEqual(idsOf(objects), idsOf(chosen), "the filtered ones as JSON");
  assert.ok(objects.every((row) => row.tries.length > 0), "attempts in the JSON");
});
