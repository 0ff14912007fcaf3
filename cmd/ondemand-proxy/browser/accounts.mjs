// An account that is out shows why; it is tested and put back from its line.

import assert from "node:assert/strict";
import { chat, enter, figure, scenario, until } from "./session.mjs";

scenario(async (open) => {
  const page = await open();
  await enter(page);
  const line = (name) => page.locator("table.accounts tbody tr").filter({ hasText: name });
  const alice = line("al***@example.org");
  const bob = line("bob");
  const test = alice.getByRole("button", { name: /^Test now/ });
  const back = alice.getByRole("button", { name: /^Put back/ });
  const result = alice.getByRole("status");

  await until("alice", () => alice.locator("td.c-state").innerText(), (text) => /^out\s+sign-in refused$/.test(text));
  await until("bob", () => bob.locator("td.c-state").innerText(), "ready");
  await until("accounts ready", () => figure(page, "Accounts ready").textContent(), "1 of 2");
  assert.equal(await bob.getByRole("button", { name: /^Put back/ }).count(), 0, "an account that is ready needs no putting back");

  await test.click();
  await result.filter({ hasText: "✗ sign-in refused: correct the e-mail address" }).waitFor();
  await test.click();
  await result.filter({ hasText: "✓ works" }).waitFor();
  assert.match(await alice.locator("td.c-state").innerText(), /^out/, "a test alone does not put an account back");
  await back.click();
  await result.filter({ hasText: "✓ takes requests again" }).waitFor();
  await until("alice, put back", () => alice.locator("td.c-state").innerText(), "ready");
  await until("accounts ready", () => figure(page, "Accounts ready").textContent(), "2 of 2");
  await back.waitFor({ state: "hidden" });

  const requests = () => alice.locator("td.c-requests").innerText();
  const before = await requests();
  await until("requests of alice", async () => {
    assert.equal((await chat()).status, 200);
    return requests();
  }, (now) => now !== before);
});
