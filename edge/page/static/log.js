// What was scanned in this run: totals, pace, and one row a card.
import { html } from "/vendor/htm-preact.js";
import { store } from "/store.js";

const SHOWN = 200;
const KINDS = { doubtful: "look at it again", unknown: "not in the database" };

export function Totals() {
  const { confirmed, different, per_hour: pace } = store.totals;
  return html`<dl class="panel totals">
    <div><dt>Cards</dt><dd>${confirmed}</dd></div>
    <div><dt>Different</dt><dd>${different}</dd></div>
    <div><dt>An hour</dt><dd>${pace === null ? "–" : Math.round(pace)}</dd></div>
  </dl>`;
}

export function Log({ chosen, choose }) {
  const rows = [...store.rows.values()].sort((a, b) => b.number - a.number).slice(0, SHOWN);
  return html`<section class="panel log" aria-label="Log of this run">
    <h2>This run</h2>
    ${rows.length === 0 && html`<p class="quiet">Every card that is recognised is listed here, with how many copies there are.</p>`}
    <ol>${rows.map((row) => html`<li key=${row.number} class="row kind-${row.kind} ${row.track === chosen ? "chosen" : ""}">
      <button onClick=${() => choose(row.track)}>
        <span class="mark" aria-hidden="true"></span>
        <span class="what"><strong>${row.name}</strong><span class="quiet">${KINDS[row.kind] ?? row.place}</span></span>
        <span class="count">${row.card_id ? `${row.before} → ${row.before + 1}` : "–"}</span>
        <time class="quiet" datetime=${row.at}>${clock(row.at)}</time>
      </button>
    </li>`)}</ol>
  </section>`;
}

const clock = (at) => new Date(at).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
