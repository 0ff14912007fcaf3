// How a batch of the event stream changes what is already on the page. Percentiles cannot be added up;
// they wait for the next full fetch.

import { outcomes, successOf } from "./outcomes.js";

const stepMs = { minute: 60e3, hour: 3600e3, day: 86400e3 };

/** Adds a batch to the totals of the overview, and to its access tokens. */
export function addToOverview(overview, batch) {
  const { totals } = overview;
  const more = batch.totals;
  totals.requests += more.requests;
  addCounts((totals.outcomes ??= {}), more.outcomes);
  totals.prompt_tokens += more.prompt_tokens;
  totals.completion_tokens += more.completion_tokens;
  totals.estimated_tokens += more.estimated_tokens;
  totals.cost_usd += more.cost_usd;
  totals.attempts += more.attempts;
  totals.streams += more.streams;
  const tokens = totals.prompt_tokens + totals.completion_tokens;
  totals.estimated_share = tokens > 0 ? totals.estimated_tokens / tokens : 0;
  const { failures, rate } = successOf(totals.outcomes);
  totals.failures = failures;
  totals.success_rate = rate;
  for (const row of batch.requests) {
    const token = overview.access_tokens?.find((candidate) => candidate.name === row.access_token);
    if (token) addRow(token, row);
  }
}

/** Adds a batch to the newest point of the series, after moving the series on when a new step has begun. */
export function addToSeries(series, batch) {
  const { points } = series;
  const at = Date.parse(batch.at);
  const width = stepMs[series.step];
  if (!points.length || !Number.isFinite(at) || !width) return;
  while (at >= Date.parse(points.at(-1).start) + width) {
    points.push(emptyPoint(Date.parse(points.at(-1).start) + width));
    points.shift();
  }
  const newest = points.at(-1);
  addCounts((newest.outcomes ??= {}), batch.totals.outcomes);
  newest.prompt_tokens += batch.totals.prompt_tokens;
  newest.completion_tokens += batch.totals.completion_tokens;
}

/** Adds the rows of a batch to the models; one that is new gets a line. */
export function addToModels(models, batch) {
  for (const row of batch.requests) {
    if (!row.model) continue;
    let model = models.models.find((candidate) => candidate.name === row.model);
    if (!model) {
      model = { name: row.model, requests: 0, outcomes: {}, failures: 0, prompt_tokens: 0, completion_tokens: 0, cost_usd: 0, last_used: row.began };
      models.models.push(model);
    }
    addRow(model, row);
    addCounts((model.outcomes ??= {}), { [row.outcome]: 1 });
    model.last_used = later(model.last_used, row.began);
  }
  models.models.sort((a, b) => b.requests - a.requests);
}

/** Adds the rows of a batch to the accounts that answered them. */
export function addToAccounts(accounts, batch) {
  for (const row of batch.requests) {
    const account = accounts.accounts.find((candidate) => candidate.id === row.account);
    if (!account) continue;
    addRow(account, row);
    account.last_used = later(account.last_used, row.began);
  }
}

/** Brings the states of the accounts up to a moment. */
export function momentToAccounts(accounts, moment) {
  for (const state of moment.account_states ?? []) {
    const account = accounts.accounts.find((candidate) => candidate.id === state.id);
    if (account) Object.assign(account, { state: state.state, why: state.why, until: state.until, in_flight: state.in_flight });
  }
}

function addRow(sum, row) {
  sum.requests += 1;
  sum.failures += successOf({ [row.outcome]: 1 }).failures;
  sum.prompt_tokens += row.prompt_tokens ?? 0;
  sum.completion_tokens += row.completion_tokens ?? 0;
  if (typeof sum.cost_usd === "number") sum.cost_usd += row.cost_usd ?? 0;
}

function addCounts(sum, more) {
  for (const [outcome, n] of Object.entries(more ?? {})) {
    if (outcomes.includes(outcome)) sum[outcome] = (sum[outcome] ?? 0) + n;
  }
}

function emptyPoint(start) {
  return { start: new Date(start).toISOString(), outcomes: null, prompt_tokens: 0, completion_tokens: 0, first_ms: null, duration_ms: null };
}

function later(a, b) {
  return (a ?? "") > (b ?? "") ? a : b;
}
