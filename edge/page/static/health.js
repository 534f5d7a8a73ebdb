// How the scanner is: five minutes of each figure, and every sentence that it has to say.
import { html } from "/vendor/htm-preact.js";
import { store } from "/store.js";

const [WIDTH, HEIGHT] = [300, 56];
const CHARTS = [
  ["fps", "Pictures a second", (value) => value.toFixed(1)],
  ["latency_ms", "From picture to answer", (value) => `${value.toFixed(0)} ms`],
  ["temperature", "Processor", (value) => `${value.toFixed(0)} °C`],
  ["rss_mb", "Memory of the scanner", (value) => `${value.toFixed(0)} MB`],
  ["dropped", "Pictures skipped", (value) => value.toFixed(0)],
];
const ABSENT = {
  latency_ms: "No card was recognised in the last minutes.",
  temperature: "This machine does not tell its temperature.",
};

export function Health() {
  const { health } = store;
  if (!health) return html`<p class="panel empty">Nothing was heard of the scanner yet; figures come with its first message.</p>`;
  return html`<div class="health">
    <section class="panel sentences">
      <h2>${health.degraded.length ? "It works less well than it should" : "All is well"}</h2>
      ${health.degraded.map((sentence) => html`<p>${sentence}.</p>`)}
      <p class="quiet">${health.source}, ${health.frames_captured.toLocaleString()} pictures since its start ${duration(health.uptime_s)} ago; database ${health.database} with ${health.database_cards.toLocaleString()} cards.</p>
    </section>
    ${CHARTS.map(([key, name, say]) => html`<${Chart} name=${name} say=${say} absent=${ABSENT[key]} values=${store.history.map((each) => each[key])} />`)}
  </div>`;
}

function Chart({ name, say, absent, values }) {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return html`<section class="panel chart"><h3>${name}</h3><p class="quiet">${absent ?? "No figure yet."}</p></section>`;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const [floor, span] = [low === high ? low - 1 : low, low === high ? 2 : high - low];
  const place = (value, index) => `${((WIDTH * index) / Math.max(1, values.length - 1)).toFixed(1)},${(HEIGHT - 3 - ((value - floor) / span) * (HEIGHT - 6)).toFixed(1)}`;
  const points = values.map((value, index) => (value === null ? null : place(value, index))).filter(Boolean);
  return html`<section class="panel chart">
    <h3>${name} <strong>${say(known.at(-1))}</strong></h3>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${name}: from ${say(low)} to ${say(high)}"><polyline points=${points.join(" ")} /></svg>
    <p class="quiet">${say(low)} to ${say(high)} in ${duration(values.length)}</p>
  </section>`;
}

function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
