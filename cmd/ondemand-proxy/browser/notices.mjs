// What an operator has to know stands above all figures.

import assert from "node:assert/strict";
import { enter, scenario } from "./session.mjs";

const words = {
  default_token: "A token that stands in the documentation is in use",
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
    if (notices.includes("no_accounts")) await howToAddOne(page);
    await exports(page, notices.includes("restricted"));
  }
});

// Who has no account yet is told in the page what to write, and where, in both languages.
async function howToAddOne(page) {
  for (const [language, said] of [["中文", "尚未配置账户"], ["EN", words.no_accounts]]) {
    await page.getByRole("button", { name: language, exact: true }).click();
    const notice = page.locator("#banners .banner").filter({ hasText: said });
    await notice.waitFor();
    const text = await notice.textContent();
    for (const part of [`"accounts": [{"email": "you@example.org", "password": "…"}]`, `[{"api_key": "…"}]`, "ONDEMAND_ACCOUNTS"]) {
      assert.ok(text.includes(part), `the notice lacks ${part}:\n${text}`);
    }
  }
}

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
