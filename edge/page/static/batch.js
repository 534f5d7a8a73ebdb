// What holds for the cards that are scanned from now on, and what cards cost by a file of the user's.
import { html, useEffect, useState } from "/vendor/htm-preact.js";
import { Choice, CONDITIONS, FINISHES, LANGUAGES, Typed } from "/record.js";
import { records, say } from "/records.js";

const MODES = [["add", "Add", "Each card adds one copy."], ["subtract", "Subtract", "Each card takes one copy away, as when a box is sold."], ["look", "Look only", "Cards are named and logged, and not counted."]];
const NOTHING = { label: null, mode: "add", condition: null, language: null, finish: null, set_code: null };

export function batchSentence(batch) {
  const { label, mode, condition, language, finish, set_code: code } = batch ?? NOTHING;
  const doing = { add: "Adding", subtract: "Taking away", look: "Only looking" }[mode];
  return [label ? `${doing}, ${label}` : doing, condition, language, finish, code && `only set ${code}`].filter(Boolean).join(" · ");
}

export function Batch() {
  const holds = records.summary?.batch;
  const [draft, setDraft] = useState({ ...NOTHING, ...holds });
  const [sets, setSets] = useState([]);
  useEffect(() => setDraft({ ...NOTHING, ...holds }), [holds?.started_at]);
  useEffect(() => {
    fetch("/sets").then(async (answer) => setSets((await answer.json()).sets)).catch(() => setSets([]));
  }, []);
  const change = (name) => (value) => setDraft((old) => ({ ...old, [name]: value }));
  const begin = (event) => {
    event.preventDefault();
    const { started_at: _, ...said } = draft;
    say("/batch", said);
  };
  return html`<section class="panel batch">
    <h2>Cards from now on</h2>
    <p class="quiet">Now: ${batchSentence(holds)}${holds ? `, since ${new Date(holds.started_at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })}` : ""}. What was scanned before keeps what held then.</p>
    <form class="fields" onSubmit=${begin}>
      <fieldset><legend>Each card</legend>${MODES.map(([mode, name, said]) => html`<label class="choice"><input type="radio" name="mode" value=${mode} checked=${draft.mode === mode} onChange=${() => change("mode")(mode)} /> <span><strong>${name}</strong> <span class="quiet">${said}</span></span></label>`)}</fieldset>
      <label>Box or binder<input name="label" value=${draft.label ?? ""} maxlength="80" placeholder="none" autocomplete="off" onInput=${(event) => change("label")(event.target.value || null)} /></label>
      <${Choice} name="Condition" value=${draft.condition} options=${CONDITIONS} change=${change("condition")} />
      <${Typed} name="Language" value=${draft.language} options=${LANGUAGES} change=${change("language")} />
      <${Typed} name="Finish" value=${draft.finish} options=${FINISHES} change=${change("finish")} />
      <label>All of one set<select name="set" onChange=${(event) => change("set_code")(event.target.value || null)}>
        <option value="">any set</option>${sets.map((each) => html`<option value=${each.code} selected=${each.code === draft.set_code}>${each.name} (${each.code})</option>`)}
      </select></label>
      <button class="primary" type="submit">Begin</button>
    </form>
  </section><${Prices} />`;
}

function Prices() {
  const value = records.summary?.value;
  const [file, setFile] = useState(null);
  const [asOf, setAsOf] = useState("");
  const [currency, setCurrency] = useState("");
  const take = (event) => {
    event.preventDefault();
    if (file) say(`/prices?${new URLSearchParams({ name: file.name, as_of: asOf, currency })}`, file);
  };
  return html`<section class="panel batch">
    <h2>Prices</h2>
    <p class="quiet">${value ? `${value.source}, of ${value.as_of}: ${value.priced} of ${records.summary.cards} copies have a price, ${value.amount} ${value.currency} together. Cards without one are not counted as 0.` : "The scanner knows no prices. Give it a CSV file of yours: columns card_id (or set_code and number) and price, perhaps finish."}</p>
    <form class="fields" onSubmit=${take}>
      <label>CSV file<input type="file" accept=".csv,text/csv" required onChange=${(event) => setFile(event.target.files[0] ?? null)} /></label>
      <label>Prices of the day<input type="date" name="as_of" required value=${asOf} onInput=${(event) => setAsOf(event.target.value)} /></label>
      <label>Currency<input name="currency" required maxlength="3" minlength="3" placeholder="EUR" value=${currency} onInput=${(event) => setCurrency(event.target.value)} /></label>
      <button class="primary" type="submit">Take these prices</button>
    </form>
  </section>`;
}
