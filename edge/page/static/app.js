// The page: what the camera sees, the card that is looked at, the log; health and set-up beside them.
import { html, render, useEffect, useRef, useState } from "/vendor/htm-preact.js";
import { Batch } from "/batch.js";
import { Card } from "/card.js";
import { Health } from "/health.js";
import { Log, Totals } from "/log.js";
import { Picture } from "/picture.js";
import { Record } from "/record.js";
import { keyOf, onRecords, recordOf, records, redo, remove, undo } from "/records.js";
import { Setup } from "/setup.js";
import * as sound from "/sound.js";
import { complaint, connect, onChange, onRow, store } from "/store.js";

const VIEWS = [["scan", "Scan"], ["health", "Health"], ["setup", "Set-up"], ["batch", "Batch"]];
const picture = new Picture();

function App() {
  const [view, setView] = useState("scan");
  const [chosen, setChosen] = useState(null); // a track
  const [opened, setOpened] = useState(null); // a row of the log
  const [open, setOpen] = useState(false);
  const [sounding, setSounding] = useState(sound.on);
  const [, redraw] = useState(0);
  const last = useRef(null);

  useEffect(() => onChange(() => redraw((count) => count + 1)), []);
  useEffect(() => onRecords(() => redraw((count) => count + 1)), []);
  useEffect(() => onRecords(warnOfOtherSet), []);
  useEffect(() => {
    onRow((row) => {
      sound.play(row.kind);
      setChosen(row.track);
    });
    document.addEventListener("pointerdown", sound.wake);
  }, []);
  useEffect(() => {
    const press = (event) => {
      if (document.querySelector("dialog[open]")) return;
      if (event.key === "Escape") setOpened(null);
      if (event.ctrlKey || event.metaKey || event.altKey || /INPUT|TEXTAREA|SELECT/.test(event.target.tagName)) return;
      sound.wake();
      const index = ["1", "2", "3", "4"].indexOf(event.key);
      if (index >= 0) setView(VIEWS[index][0]);
      else if (event.key === "m") mute();
      else if (event.key === "c") document.querySelector("[data-do=candidates]")?.click();
      else if (event.key === "e") document.querySelector("[data-do=centering]")?.click();
      else if (event.key === "u") undo();
      else if (event.key === "r") redo();
      else if (event.key === "x") (record ?? records.rows[0]) && remove(record ?? records.rows[0]);
      else if (event.key === "f") correct(event);
      else if (event.key === "h") document.querySelector("[data-do=hand]")?.click();
      else if (event.key === "l") document.querySelector(".log .row button")?.focus();
      else if (event.key === "n") step(1);
      else if (event.key === "p") step(-1);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  });

  const shown = store.cards.get(chosen) ?? newest();
  if (shown) last.current = shown;
  const card = shown ?? last.current;
  const row = opened && records.rows.find((each) => keyOf(each) === opened);
  const record = row ?? (card ? recordOf(card.track) : null);
  const wrong = complaint();
  return html`<header>
      <h1><img src="/icon.svg" alt="" width="26" height="26" /> Card scanner</h1>
      <nav aria-label="Views">${VIEWS.map(([name, title], index) => html`<button aria-current=${view === name ? "page" : null} title="Key ${index + 1}" onClick=${() => setView(name)}>${title}</button>`)}</nav>
      <button class="mute" aria-pressed=${sounding} title="Key m" onClick=${mute}>${sounding ? "Sound on" : "Sound off"}</button>
    </header>
    ${wrong && html`<p class="banner" role="alert" id="complaint">${wrong}</p>`}
    ${!wrong && store.health?.degraded.length > 0 && html`<p class="banner mild" role="status">${store.health.degraded.join(". ")}.</p>`}
    ${records.notice && html`<p class="banner ${records.notice.wrong ? "" : "done"}" role="status" id="notice">${records.notice.sentence}</p>`}
    <main class="view-${view}">
      <div class="left">
        <${Live} chosen=${card?.track} choose=${choose} />
      </div>
      <div class="right">
        ${view === "scan" && row && html`<${Record} row=${row} track=${shown?.track ?? null} close=${() => setOpened(null)} />`}
        ${view === "scan" && !row && (card ? html`<${Card} card=${card} here=${Boolean(shown)} record=${record} correct=${correct} picture=${picture} open=${open} setOpen=${setOpen} />` : html`<p class="panel empty">Lay a card under the camera. It is outlined at once, and named as soon as it lies still.</p>`)}
        ${view === "scan" && html`<${Totals} /><${Log} chosen=${row ? opened : record && keyOf(record)} chooseTrack=${choose} chooseRecord=${(each) => setOpened(keyOf(each))} batch=${() => setView("batch")} />`}
        ${view === "batch" && html`<${Batch} />`}
        ${view === "health" && html`<${Health} />`}
        ${view === "setup" && html`<${Setup} picture=${picture} />`}
      </div>
    </main>`;

  function mute() {
    sound.turn(!sound.on);
    setSounding(sound.on);
  }

  function choose(track) {
    setOpened(null);
    setChosen(track);
  }

  function correct(event) {
    const wanted = record ?? records.rows[0];
    if (!wanted) return;
    event.preventDefault();
    setView("scan");
    setOpened(keyOf(wanted));
    setTimeout(() => document.getElementById("search")?.focus());
  }

  function step(by) {
    const tracks = [...store.cards.keys()];
    if (tracks.length) setChosen(tracks[(tracks.indexOf(card?.track) + by + tracks.length) % tracks.length]);
  }
}

let newestRecord = null;

// A card that is not of the set that the batch is locked to sounds as one that needs a look.
function warnOfOtherSet() {
  const row = records.rows[0];
  if (row && newestRecord && keyOf(row) !== newestRecord && row.other_set) sound.play("doubtful");
  newestRecord = row ? keyOf(row) : "none";
}

function newest() {
  const cards = [...store.cards.values()];
  const decided = cards.filter((card) => card.state === "confirmed");
  return (decided.length ? decided : cards).at(-1) ?? null;
}

function Live({ chosen, choose }) {
  const canvas = useRef(null);
  const [message, setMessage] = useState(null);
  useEffect(() => picture.attach(canvas.current, setMessage), []);
  const [width, height] = message ? [message.frame_width, message.frame_height] : [16, 9];
  return html`<section class="panel live" aria-label="Live picture">
    <div class="stage" style=${{ "--aspect": width / height }}>
      <canvas ref=${canvas} width="16" height="9" role="img" aria-label="What the camera sees"></canvas>
      ${message
        ? html`<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none">${message.cards.map((each) => html`<${Outline} key=${each.track_id} each=${each} chosen=${each.track_id === chosen} choose=${choose} />`)}</svg>
            ${message.cards.map((each) => html`<${Label} key=${each.track_id} each=${each} width=${width} height=${height} />`)}`
        : html`<p class="wait">Waiting for the first picture ...</p>`}
    </div>
  </section>`;
}

const stateOf = (track) => store.cards.get(track)?.state ?? "detecting";

function Outline({ each, chosen, choose }) {
  return html`<polygon class="outline state-${stateOf(each.track_id)} ${chosen ? "chosen" : ""}" data-track=${each.track_id} points=${each.corners.map((corner) => corner.join(",")).join(" ")} onClick=${() => choose(each.track_id)} />`;
}

function Label({ each, width, height }) {
  const card = store.cards.get(each.track_id);
  const top = each.corners.reduce((best, corner) => (corner[1] < best[1] ? corner : best));
  const xs = each.corners.map((corner) => corner[0]);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const place = { left: `${(50 * (left + right)) / width}%`, top: `${(100 * top[1]) / height}%`, maxWidth: `${(108 * (right - left)) / width}%` };
  return card && html`<span class="label state-${card.state}" style=${place}>${card.name}</span>`;
}

render(html`<${App} />`, document.getElementById("app"));
connect();
