// The studio: all runs as their folders tell them, one of them live, and a form that starts one.
import { html, render, useEffect, useState } from "/page/vendor/htm-preact.js";

const EVERY_MS = 1000;
const NO_LOSS = new Set(["step", "progress", "learning_rate", "images_per_s", "waiting", "elapsed_s", "eta_s"]);

async function ask(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}) });
  return answer.ok ? "" : (await answer.json()).error;
}

function App() {
  const [folder, setFolder] = useState("");
  const [runs, setRuns] = useState([]);
  const [chosen, setChosen] = useState(decodeURIComponent(location.hash.slice(1)));
  const [lost, setLost] = useState(false);

  useEffect(() => {
    let ended = false;
    async function look() {
      try {
        const found = await (await fetch("/runs")).json();
        setFolder(found.folder);
        setRuns(found.runs);
        setLost(false);
      } catch {
        setLost(true);
      }
      if (!ended) setTimeout(look, EVERY_MS);
    }
    look();
    return () => { ended = true; };
  }, []);
  function choose(name) {
    location.hash = encodeURIComponent(name);
    setChosen(name);
  }

  return html`
    <header><h1>Training studio</h1><span class="quiet">${folder}</span></header>
    ${lost && html`<p class="banner">The studio has ended. Trainings go on; start it again: card-training studio</p>`}
    <main>
      <div class="left">${chosen ? html`<${Run} key=${chosen} name=${chosen} />` : html`<p class="panel empty">Choose a run, or start one.</p>`}</div>
      <div class="right">
        <section class="panel"><h2>Runs</h2>
          ${runs.length === 0 && html`<p class="empty">None yet.</p>`}
          <ol class="runs">${runs.map((run) => html`<li key=${run.name} class=${`state-${word(run)}`}>
            <button aria-current=${run.name === chosen || null} onClick=${() => choose(run.name)}>
              <strong>${run.name}</strong><span class="pill">${word(run)}</span>
              <span class="quiet">${run.recall_at_1 == null ? run.said : `recall@1 ${percent(run.recall_at_1)}`}</span>
              <span class="quiet">${run.progress == null ? "" : percent(run.progress)}</span>
            </button></li>`)}</ol>
        </section>
        <${NewRun} started=${choose} />
      </div>
    </main>`;
}

function Run({ name }) {
  const [run, setRun] = useState(null);
  const [entries, setEntries] = useState([]);
  const [complaint, setComplaint] = useState("");

  useEffect(() => {
    const source = new EventSource(`/runs/${name}/events`);
    source.addEventListener("history", (event) => setEntries(JSON.parse(event.data)));
    source.addEventListener("more", (event) => setEntries((before) => [...before, ...JSON.parse(event.data)]));
    source.addEventListener("state", (event) => setRun(JSON.parse(event.data)));
    source.addEventListener("gone", () => source.close());
    return () => source.close();
  }, [name]);

  if (run === null) return html`<p class="panel empty">Looking for ${name}.</p>`;
  const trained = entries.filter((entry) => "learning_rate" in entry);
  const losses = [...new Set(trained.flatMap((entry) => Object.keys(entry)))].filter((key) => !NO_LOSS.has(key) && !key.startsWith("gradient_"));
  const tell = async (what) => setComplaint(await ask(`/runs/${name}/${what}`));
  return html`<section class=${`panel run state-${word(run)}`}>
    <h2>${name} <span class="pill" id="state">${run.state}</span></h2>
    ${run.progress != null && html`<progress max="1" value=${run.progress} aria-label="done"></progress>`}
    <dl class="figures">
      <div><dt>step</dt><dd id="step">${run.step ?? "–"}</dd></div>
      <div><dt>left</dt><dd>${run.left_s == null ? "–" : clock(run.left_s)}</dd></div>
      <div><dt>images a second</dt><dd>${run.images_per_s ?? "–"}</dd></div>
      <div><dt>best recall@1</dt><dd>${run.recall_at_1 == null ? "–" : percent(run.recall_at_1)}</dd></div>
    </dl>
    <p class="said" id="said">${run.said}</p>
    ${losses.map((key) => html`<${Curve} key=${key} title=${key} points=${points(trained, key)} />`)}
    <${Curve} title="recall@1 of held-out cards" points=${points(entries, "recall_at_1")} />
    <p class="buttons">
      ${run.process > 0 && html`<button onClick=${() => tell("stop")}>Save and stop</button>`}
      ${run.can_resume && html`<button onClick=${() => tell("resume")}>Go on</button>`}
    </p>
    ${complaint && html`<p class="banner" role="alert">${complaint}</p>`}
    <p class="quiet"><code>${run.command}</code></p>
  </section>`;
}

function Curve({ title, points: all }) {
  if (all.length === 0) return null;
  const values = all.map(([, value]) => value);
  const [low, high, first, last] = [Math.min(...values), Math.max(...values), all[0][0], all.at(-1)[0]];
  const x = (step) => (last > first ? (1000 * (step - first)) / (last - first) : 0);
  const y = (value) => (high > low ? 96 - (92 * (value - low)) / (high - low) : 50);
  const line = all.length > 1 ? all : [all[0], all[0]];
  return html`<figure class="curve" data-points=${JSON.stringify(all)}>
    <p><span>${title}</span><strong>${short(values.at(-1))}</strong></p>
    <svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-label=${`${title}: ${short(values.at(-1))} at step ${last}`}>
      <polyline points=${line.map(([step, value]) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(" ")} /></svg>
    <p class="quiet"><span>step ${first}: ${short(values[0])}</span><span>step ${last}</span></p>
  </figure>`;
}

function NewRun({ started }) {
  const [form, setForm] = useState({ name: "", cards: "", metadata: "" });
  const [complaint, setComplaint] = useState("");
  const field = (key) => ({ id: key, value: form[key], onInput: (event) => setForm({ ...form, [key]: event.target.value }) });
  async function begin(event) {
    event.preventDefault();
    const wrong = await ask("/runs", { ...form, recipe: "tiny" });
    setComplaint(wrong);
    if (!wrong) started(form.name);
  }
  return html`<form class="panel" onSubmit=${begin}>
    <h2>Teach the scanner's model your cards</h2>
    <p class="quiet">It goes on from the model that ships, for 150 steps: minutes of one core, no GPU needed.</p>
    <label>Folder of card images, or a number of simulated cards<input required ...${field("cards")} /></label>
    <label>List of the cards (JSON or CSV), with a folder<input ...${field("metadata")} /></label>
    <label>Name of the run<input required pattern="[A-Za-z0-9][A-Za-z0-9._\\-]*" maxlength="60" ...${field("name")} /></label>
    <button id="begin">Train</button>
    ${complaint && html`<p class="banner" role="alert">${complaint}</p>`}
  </form>`;
}

const word = (run) => run.state.split(":")[0];
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const short = (value) => Number(value.toPrecision(4)).toString();
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
const points = (entries, key) => entries.filter((entry) => key in entry).map((entry) => [entry.step, entry[key]]);

render(html`<${App} />`, document.getElementById("app"));
