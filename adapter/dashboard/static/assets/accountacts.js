// The actions on accounts and what came of them. Results outlive a redraw of the line, and go after a while.

import { post } from "./api.js";
import { known, t } from "./i18n.js";
import { errorWords } from "./panel.js";
import { kindWord } from "./outcomes.js";
import { refetch, resource } from "./store.js";

const keepMs = 60e3;
const running = new Map();
const results = new Map();

/** The action that runs on an account: "test", "put-back" or "". */
export function runs(id) {
  return running.get(id) ?? "";
}

/** What the last action came to: { mood, words(), title }, or nothing. */
export function resultOf(id) {
  return results.get(id);
}

/** Runs "test" or "put-back" on an account; calls again whenever there is something new to show. */
export async function act(id, verb, again) {
  if (runs(id) || resource("overview").value?.restricted) return;
  running.set(id, verb);
  results.delete(id);
  again();
  let result;
  try {
    const answer = await post("accounts/" + verb, { account: id });
    result = verb === "test" ? tested(answer) : { mood: "good", words: () => t("act.done.put-back"), title: "" };
  } catch (error) {
    result = { mood: "bad", words: () => t("act.failed", { why: errorWords(error) }), title: "" };
  }
  running.delete(id);
  results.set(id, result);
  setTimeout(() => {
    if (results.get(id) !== result) return;
    results.delete(id);
    again();
  }, keepMs);
  again();
  refetch("accounts");
}

function tested(answer) {
  if (answer.ok) return { mood: "good", words: () => t("act.done.test"), title: "" };
  const kind = answer.kind ?? "";
  // What the server says is more exact, and English; a kind that this page has no words for has nothing else.
  const words = () => {
    const why = kind ? kindWord(kind) : answer.message;
    return known("fix." + kind) ? t("act.failed_fix", { why, fix: t("fix." + kind) }) : t("act.failed", { why });
  };
  return { mood: "bad", words, title: answer.message ?? "" };
}
