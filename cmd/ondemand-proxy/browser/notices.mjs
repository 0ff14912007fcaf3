// What an operator has to know stands above all figures.

import assert from "node:assert/strict";
import { enter, scenario } from "./session.mjs";

const words = {
  default_token: "The documented default token is in use",
  no_accounts: "No account is configured",
  memory_only: "The ledger is in memory only",
  demo: "Demo mode",
  restricted: "account names, actions and exports are off",
};

scenario(async (open) => {
  for (const { url, secret, notices } of JSON.parse(process.env.PROGRAMS)) {
    const page = await open();
    await enter(page, { url, secret });
    const region = page.locator("#banners");
    for (const notice of notices) await region.getByText(words[notice]).waitFor();
    const text = await region.textContent();
    for (const [notice, said] of Object.entries(words)) {
      assert.equal(text.includes(said), notices.includes(notice), `the notice ${notice} with ${notices}:\n${text}`);
    }
    await exports(page, notices.includes("restricted"));
  }
});

async function exports(page, restricted) {
  for (const format of ["CSV", "JSON"]) {
    const link = page.locator("#export a").filter({ hasText: format });
    const href = (await link.count()) > 0 ? await link.getAttribute("href") : null;
    assert.equal(href === null, restricted, `the export as ${format} leads to ${href}`);
  }
  if (!restricted) return;
  const accounts = page.locator("#p-accounts");
  assert.ok(!(await accounts.innerText()).includes("private-name"), "the account's name is shown");
  await accounts.getByText("account 1", { exact: true }).waitFor();
  for (const button of await accounts.getByRole("button").all()) {
    assert.ok(await button.isDisabled() || await button.getAttribute("aria-disabled") === "true", `the action ${await button.innerText()} is offered`);
  }
}
