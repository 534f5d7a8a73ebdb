// One card of the log: what was seen, which card it is, and what people say of it.
import { html, useEffect, useRef, useState } from "/vendor/htm-preact.js";
import { Candidates, percent, Reference } from "/card.js";
import { Centering } from "/centering.js";
import { ByHand } from "/hand.js";
import { detail, edit, keyOf, pathOf, records, redo, remove, undo } from "/records.js";

export const CONDITIONS = ["Mint", "NM", "LP", "MP", "HP", "Damaged"];
export const FINISHES = ["normal", "holo", "reverse", "foil", "etched", "first edition"];
export const LANGUAGES = ["en", "de", "fr", "it", "es", "pt", "ja", "ko", "zh-Hans", "zh-Hant"];
const TYPING_MS = 150;

export function Record({ row, track, close }) {
  const [measuring, setMeasuring] = useState(false);
  const [known, setKnown] = useState(null);
  const key = keyOf(row);
  const panel = useRef(null);
  useEffect(() => {
    if (panel.current.getBoundingClientRect().top < 0 || panel.current.getBoundingClientRect().top > innerHeight / 2) panel.current.scrollIntoView();
  }, [key]);
  useEffect(() => {
    let gone = false;
    detail(row).then((found) => gone || setKnown(found));
    return () => (gone = true);
  }, [key, records.revision]);
  const shown = known?.scan === row.scan && known?.session === row.session ? { ...known, ...row } : row;
  return html`<article ref=${panel} class="panel card record" data-scan=${key}>
    <div class="pair">
      <figure><img class="cardpicture" src="${pathOf(row)}/picture" alt="The log has no picture of it any more" width="132" height="184" /><figcaption>As it was scanned</figcaption></figure>
      <figure><${Reference} id=${row.card_id} pictured=${row.pictured} /><figcaption>In the database</figcaption></figure>
    </div>
    <div class="said">
      <p class="pill">Scanned ${new Date(row.at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })}</p>
      <h2>${row.name}</h2>
      <p class="place">${row.place}</p>
      ${row.taken_for && html`<p>Corrected: it was taken for ${row.taken_for}.</p>`}
      ${row.other_set && html`<p class="wrong">It is not of the set that this batch is locked to.</p>`}
      ${known?.error && html`<p class="wrong">${known.error}</p>`}
      <p><span class="count">${row.before} → ${row.after}</span> ${copies(row)} ${row.label ? `in ${row.label}` : ""} ${price(row)}</p>
      <p class="buttons">
        <button data-do="remove" onClick=${() => remove(row)}>${row.quantity === 0 ? "Count it" : "Take out"} <kbd>x</kbd></button>
        <button data-do="undo" onClick=${undo}>Undo <kbd>u</kbd></button>
        <button data-do="redo" onClick=${redo}>Redo <kbd>r</kbd></button>
        <button data-do="hand" onClick=${() => setMeasuring(true)}>Measure by hand <kbd>h</kbd></button>
        <a class="button" data-do="report" href="${pathOf(row)}/report" target="_blank" rel="noopener">Report</a>
        <button data-do="close" onClick=${close}>Back to the camera <kbd>Esc</kbd></button>
      </p>
    </div>
    ${measuring && html`<${ByHand} row=${row} automatic=${shown.centering} track=${track} close=${() => setMeasuring(false)} />`}
    <div class="more">
      <${Fields} row=${shown} />
      <h3>Is it another card?</h3>
      <${Search} row=${row} />
      ${shown.candidates && html`<${Candidates} candidates=${shown.candidates} current=${row.card_id} choose=${(each) => edit(row, { card_id: each.card_id })} />`}
      <h3>Centering</h3>
      ${Object.entries(known?.by_hand ?? {}).map(([face, centering]) => html`<h4>${face}, by hand</h4><${Centering} centering=${centering} picture=${null} /><h4>automatic</h4>`)}
      ${known && html`<${Centering} centering=${shown.centering} picture="${pathOf(row)}/picture" absent=${row.taken_for ? "It was measured as another card; lay it down again." : undefined} />`}
    </div>
  </article>`;
}

function copies(row) {
  if (row.quantity === 0) return "It is not counted.";
  if (row.quantity < 0) return `${-row.quantity} taken away`;
  return row.quantity === 1 ? "one copy" : `${row.quantity} copies`;
}

function price(row) {
  return row.price ? `· ${row.price.amount} ${row.price.currency} each on ${row.price.as_of}` : records.summary?.value ? "· no price" : "";
}

function Fields({ row }) {
  const finishes = [...new Set([...(row.finishes ?? []), ...FINISHES])];
  return html`<form class="fields" onSubmit=${(event) => event.preventDefault()}>
    <div class="stepper" role="group" aria-label="Copies">
      <span>Copies</span><button type="button" aria-label="One less" onClick=${() => edit(row, { quantity: row.quantity - 1 })}>−</button>
      <output>${row.quantity}</output><button type="button" aria-label="One more" onClick=${() => edit(row, { quantity: row.quantity + 1 })}>+</button>
    </div>
    <${Choice} name="Condition" value=${row.condition} options=${CONDITIONS} change=${(condition) => edit(row, { condition })} />
    <${Typed} name="Language" value=${row.language} options=${LANGUAGES} change=${(language) => edit(row, { language })} />
    <${Typed} name="Finish" value=${row.finish} options=${finishes} change=${(finish) => edit(row, { finish })} />
  </form>`;
}

export function Choice({ name, value, options, change }) {
  return html`<label>${name}<select name=${name.toLowerCase()} value=${value ?? ""} onChange=${(event) => change(event.target.value || null)}>
    <option value="">not said</option>${options.map((each) => html`<option value=${each} selected=${each === value}>${each}</option>`)}
  </select></label>`;
}

export function Typed({ name, value, options, change }) {
  const list = `known-${name.toLowerCase()}`;
  return html`<label>${name}<input name=${name.toLowerCase()} list=${list} value=${value ?? ""} placeholder="not said" maxlength="80" autocomplete="off" onChange=${(event) => change(event.target.value.trim() || null)} />
    <datalist id=${list}>${options.map((each) => html`<option value=${each} />`)}</datalist></label>`;
}

function Search({ row }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState(null);
  const newest = useRef(0);
  useEffect(() => {
    setText("");
    setFound(null);
  }, [keyOf(row)]);
  useEffect(() => {
    if (!text.trim()) return setFound(null);
    const number = ++newest.current;
    const timer = setTimeout(async () => {
      try {
        const answer = await (await fetch(`/find?q=${encodeURIComponent(text)}`)).json();
        if (number === newest.current) setFound(answer);
      } catch {
        // Said above all: the page's service does not answer.
      }
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const take = (each) => {
    setText("");
    edit(row, { card_id: each.card_id });
  };
  return html`<search class="search">
    <label>Any card of the database<input id="search" type="search" value=${text} placeholder="Name, set or number" autocomplete="off" enterkeyhint="search"
      onInput=${(event) => setText(event.target.value)}
      onKeyDown=${(event) => event.key === "Enter" && found?.cards.length && take(found.cards[0])} /></label>
    ${found && (found.cards.length ? html`<${Candidates} candidates=${found.cards} current=${row.card_id} choose=${take} />` : html`<p class="quiet">${found.trouble ?? "No card of the database has all of these words. Try fewer letters, or only the number."}</p>`)}
  </search>`;
}
