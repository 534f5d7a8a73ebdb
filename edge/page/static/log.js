// What was scanned: totals, pace, and one row a card, those of earlier runs below.
import { html } from "/vendor/htm-preact.js";
import { batchSentence } from "/batch.js";
import { keyOf, more, records, redo, undo } from "/records.js";
import { store } from "/store.js";

const LIVE = 60;
const KINDS = { doubtful: "look at it again", unknown: "not in the database" };

export function Totals() {
  const { confirmed, per_hour: pace } = store.totals;
  const value = records.summary?.value;
  return html`<dl class="panel totals">
    <div><dt>In this run</dt><dd>${confirmed}</dd></div>
    <div><dt>An hour</dt><dd>${pace === null ? "–" : Math.round(pace)}</dd></div>
    <div><dt>In all</dt><dd>${records.summary?.cards ?? "–"}</dd></div>
    ${value && html`<div title="${value.priced} copies have a price, of ${value.as_of}"><dt>${value.currency}</dt><dd>${Math.round(value.amount)}</dd></div>`}
  </dl>`;
}

export function Log({ chosen, chooseTrack, chooseRecord, batch }) {
  const rows = listed();
  return html`<section class="panel log" aria-label="Log">
    <div class="loghead"><h2>Log</h2>
      <button data-do="undo" title="Key u" onClick=${undo}>Undo</button><button data-do="redo" title="Key r" onClick=${redo}>Redo</button>
      <button class="batchline" title="Key 4" onClick=${batch}>${batchSentence(records.summary?.batch)}</button></div>
    ${records.trouble && html`<p class="wrong">${records.trouble}</p>`}
    ${rows.length === 0 && html`<p class="quiet">Every card that is recognised is listed here, with how many copies there are.</p>`}
    <ol onKeyDown=${step}>${rows.map(({ key, row, record }) => html`<li key=${key} class="row kind-${kindOf(row, record)} ${key === chosen ? "chosen" : ""} ${record?.quantity === 0 ? "out" : ""}">
      <button onClick=${() => (record ? chooseRecord(record) : chooseTrack(row.track))}>
        <span class="mark" aria-hidden="true"></span>
        <span class="what"><strong>${(record ?? row).name}</strong><span class="quiet">${record ? said(record) : (KINDS[row.kind] ?? row.place)}</span></span>
        <span class="count">${record ? `${record.before} → ${record.after}` : row.card_id ? `${row.before} → ${row.before + 1}` : "–"}</span>
        <time class="quiet" datetime=${(record ?? row).at}>${clock((record ?? row).at)}</time>
      </button>
    </li>`)}</ol>
    ${records.more && html`<button class="older" onClick=${more}>Earlier cards</button>`}
  </section>`;
}

// Rows of the log, and what this run could not decide; where the log cannot be read, all of this run.
function listed() {
  const live = [...store.rows.values()].filter((row) => records.trouble || row.card_id === null);
  const oldest = records.more ? (records.rows.at(-1)?.at ?? "") : "";
  const both = [
    ...records.rows.map((record) => ({ key: keyOf(record), record, row: null, at: record.at })),
    ...live.slice(-LIVE).map((row) => ({ key: `live-${row.number}`, row, record: null, at: row.at })),
  ];
  return both.filter((each) => each.at >= oldest).sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
}

function kindOf(row, record) {
  if (!record) return row.kind;
  return record.other_set ? "doubtful" : record.before > 0 ? "again" : "new";
}

function said(record) {
  const parts = [record.place, record.condition, record.language, record.finish, record.label];
  if (record.taken_for) parts.push("corrected");
  if (record.other_set) parts.push("another set");
  return parts.filter(Boolean).join(" · ");
}

function step(event) {
  const by = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  const next = by && event.target.closest("li")?.[by]?.querySelector("button");
  if (!next) return;
  event.preventDefault();
  next.focus();
}

function clock(at) {
  const when = new Date(at);
  const today = when.toDateString() === new Date().toDateString();
  return today ? when.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" }) : when.toLocaleDateString([], { day: "numeric", month: "short" });
}
