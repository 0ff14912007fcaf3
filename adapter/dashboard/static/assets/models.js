// Models as horizontal bars: count, share, tokens, cost; and, where several were used, the access tokens.

import { h, byId, setChildren, word } from "./dom.js";
import { absolute, compact, exact, money, percent } from "./format.js";
import { onLanguage, t } from "./i18n.js";
import { modelLabel } from "./names.js";
import { panel, showResource } from "./panel.js";
import { onData, refetch, resource, setBusy } from "./store.js";
import { chosen, choose } from "./view.js";

const fewModels = 6;
const fewTokens = 4;

/** Takes over the panel of models. */
export function startModels() {
  const frame = panel("p-models", 6);
  const list = h("ol", { class: "shares" });
  const more = h("button", { type: "button", class: "link" });
  const tokens = h("div", { class: "by-token" });
  frame.body.append(list, more, tokens);
  let open = false;
  const retry = () => {
    setBusy("models");
    refetch("models");
  };
  const render = () => {
    const own = resource("models");
    const emptyInfo = { key: "models.empty", values: { range: t("range.in." + chosen().range) } };
    if (!showResource(frame, own, (value) => value.models.length === 0, emptyInfo, retry)) return;
    const { models } = own.value;
    const sum = models.reduce((total, model) => total + model.requests, 0);
    const top = models[0]?.requests ?? 0;
    setChildren(list, (open ? models : models.slice(0, fewModels)).map((model) => modelBar(model, sum, top)));
    more.hidden = models.length <= fewModels;
    more.textContent = open ? t("models.fewer") : t("models.all", { n: exact(models.length) });
    more.setAttribute("aria-expanded", String(open));
  };
  const renderTokens = () => {
    const used = (resource("overview").value?.access_tokens ?? []).filter((token) => token.requests > 0);
    tokens.hidden = used.length < 2;
    if (used.length < 2) return;
    const sum = used.reduce((total, token) => total + token.requests, 0);
    setChildren(tokens, word("h3", "tokens_by.title"), h("ol", { class: "shares" },
      used.slice(0, fewTokens).map((token) => h("li", null, bar(token.name || token.id, token, sum, used[0].requests)))));
  };
  more.addEventListener("click", () => {
    open = !open;
    render();
  });
  onData("models", render);
  onData("overview", renderTokens);
  onLanguage(() => {
    render();
    renderTokens();
  });
}

// A bar is a button: it chooses its model in the list of requests.
function modelBar(model, sum, top) {
  const name = modelLabel(model.name);
  const title = `${name}\n${t("models.last", { at: absolute(model.last_used) })}`;
  return h("li", null, h("button", {
    type: "button",
    title,
    onclick: () => {
      choose({ model: model.name });
      byId("p-list").scrollIntoView({ block: "start" });
    },
  }, bar(name, model, sum, top)));
}

function bar(name, one, sum, top) {
  const track = h("span", { class: "track", "aria-hidden": "true" }, h("span", { class: "fill" }));
  track.firstChild.style.width = `${top > 0 ? (one.requests / top) * 100 : 0}%`;
  const tokens = one.prompt_tokens + one.completion_tokens;
  return h("span", { class: "share" },
    h("span", { class: "share-name" }, name),
    h("span", { class: "share-count", title: exact(one.requests) }, compact(one.requests), h("small", null, percent(sum > 0 ? one.requests / sum : NaN, 0))),
    track,
    h("span", { class: "share-more" },
      h("span", { title: exact(tokens) }, t("models.tokens", { n: compact(tokens), count: tokens })),
      h("span", null, money(one.cost_usd)),
      one.failures > 0 ? h("span", { class: "failed" }, t("models.failures", { n: exact(one.failures), count: one.failures })) : null));
}
