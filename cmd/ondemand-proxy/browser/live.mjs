// The figures move while requests run, without a reload; without a stream of events the page asks by itself.

import assert from "node:assert/strict";
import { card, chat, data, enter, figure, lines, scenario, until } from "./session.mjs";

const promised = 1500; // ms from the end of a request until it shows

scenario(async (open) => {
  const page = await open();
  await enter(page);
  await page.evaluate(() => { window.stillTheSame = true; });
  const requests = card(page, "Requests");
  const inFlight = figure(page, "In flight now");
  await until("requests before the first", () => requests.textContent(), "0");
  await until("in flight before the first", () => inFlight.textContent(), "0");

  const slow = chat({ stream: true }); // the test makes this one slow
  await until("in flight while a request runs", () => inFlight.textContent(), "1");
  const first = await slow;
  await lines(page).filter({ hasText: first.id }).waitFor();
  await until("in flight after it", () => inFlight.textContent(), "0");

  const waits = [];
  for (let n = 2; n <= 5; n++) {
    const { id, ended } = await chat({ stream: n % 2 === 0 });
    await lines(page).filter({ hasText: id }).waitFor();
    waits.push(Date.now() - ended);
    await until("requests", () => requests.textContent(), String(n));
    assert.match(await lines(page).first().textContent(), new RegExp(id), "the newest request comes first");
  }
  // A machine that is busy with something else may keep one waiting, but not each of them.
  assert.ok(Math.min(...waits) < promised, `requests showed ${waits} ms after their end, promised are ${promised}`);
  await until("requests of the model", () => page.locator("#p-models .share-count").first().textContent(), (text) => text.startsWith("5"));
  await page.getByText("0 failures · 5 attempts").waitFor();
  await until("tokens", () => card(page, "Tokens").textContent(), (text) => Number(text) > 0);
  await until("the chart's summary", () => page.locator("#p-requests .plot").getAttribute("aria-label"), (text) => text?.includes("5 requests"));

  const dot = page.locator("#live");
  await dot.click();
  assert.match(page.url(), /paused=1/);
  const unseen = await chat();
  await until("the ledger", async () => (await data("requests")).requests[0].request_id, unseen.id);
  await chat(); // a batch later, the one before would have been shown
  await until("the ledger", async () => (await data("overview")).totals.requests, 7);
  assert.equal(await requests.textContent(), "5", "while paused the figures stand still");
  await dot.click();
  await until("requests after the pause", () => requests.textContent(), "7");
  await lines(page).filter({ hasText: unseen.id }).waitFor();
  assert.equal(await page.evaluate(() => window.stillTheSame), true, "the page was loaded anew");

  const alone = await open({ allow: [/api\/events/] });
  await alone.route("**/api/events*", (route) => route.abort());
  await enter(alone);
  await alone.getByText("The live stream is not available; the figures are fetched every five seconds").waitFor();
  const polled = await chat();
  await lines(alone).filter({ hasText: polled.id }).waitFor();
  await until("requests without a stream", () => card(alone, "Requests").textContent(), "8");
  const waited = Date.now() - polled.ended;
  assert.ok(waited < 10_000, `without a stream the request showed after ${waited} ms`);
});
