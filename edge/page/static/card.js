// The card that is looked at: its crop beside its reference picture, what is said of it, and its candidates.
import { html, useEffect, useRef, useState } from "/vendor/htm-preact.js";
import { Centering } from "/centering.js";
import { Bar } from "/bar.js";
import { drawCrop, ownCorners } from "/picture.js";
import { edit, remove } from "/records.js";

const STATES = {
  confirmed: "Recognised",
  unknown_card: "Not in the database",
  stabilizing: "Not decided yet",
  detecting: "Looking",
};

export const pictureOf = (id) => `/card/${encodeURIComponent(id)}`;
export function percent(value) {
  if (value === null || value === undefined) return "";
  if (value > 0.9995) return "over 99.9 %";
  return value < 0.01 ? "under 1 %" : `${(100 * value).toFixed(value > 0.99 ? 1 : 0)} %`;
}

export function Card({ card, here, record, correct, picture, open, setOpen }) {
  const [tab, setTab] = useState("candidates");
  const corrected = record?.taken_for;
  const reference = corrected ? record : { card_id: card.shown, pictured: card.pictured };
  return html`<article class="panel card state-${card.state}" data-track=${card.track} aria-live="polite">
    <div class="pair">
      <figure><${Crop} card=${card} picture=${picture} /><figcaption>Under the camera</figcaption></figure>
      <figure><${Reference} id=${reference.card_id} pictured=${reference.pictured} /><figcaption>In the database</figcaption></figure>
    </div>
    <div class="said">
      <p class="pill">${STATES[card.state] ?? card.state}</p>
      <h2>${corrected ? record.name : card.name}</h2>
      <p class="place">${corrected ? record.place : card.place}</p>
      ${corrected && html`<p>Corrected: it was taken for ${record.taken_for}.</p>`}
      ${card.probability !== null && card.candidates.length > 0 && html`<${Probability} value=${card.probability} decided=${card.state === "confirmed"} />`}
      <p>${here ? said(card, record) : "It has left. Lay down the next card."}</p>
      <p class="buttons">
        <button data-do="candidates" aria-expanded=${open && tab === "candidates"} onClick=${() => toggle("candidates")}>${card.candidates.length || "No"} candidates <kbd>c</kbd></button>
        <button data-do="centering" aria-expanded=${open && tab === "centering"} onClick=${() => toggle("centering")}>Centering <kbd>e</kbd></button>
        ${record && html`<button data-do="correct" onClick=${correct}>Correct <kbd>f</kbd></button><button data-do="remove" onClick=${() => remove(record)}>${record.quantity === 0 ? "Count it" : "Take out"} <kbd>x</kbd></button>`}
      </p>
    </div>
    ${open && html`<div class="more">
      ${tab === "candidates" ? html`<${Candidates} candidates=${card.candidates} current=${record?.card_id} choose=${record && ((each) => edit(record, { card_id: each.card_id }))} />
        ${record ? html`<p class="quiet">One tap says which card it is.</p>` : html`<p class="quiet">Once the card is decided, one tap corrects it.</p>`}` : html`<${Centering} centering=${card.centering} picture=${card.pictured ? pictureOf(card.shown) : null} />`}
    </div>`}
  </article>`;

  function toggle(wanted) {
    setOpen(!(open && tab === wanted));
    setTab(wanted);
  }
}

function said(card, record) {
  if (card.state !== "confirmed" || card.sentence || !record) return card.sentence;
  if (record.quantity === 0) return "It is not counted.";
  if (record.quantity < 0) return `Taken away: ${record.before} → ${record.after}.`;
  return record.before <= 0 ? "The first of this card." : `Copy ${record.after} of this card.`;
}

function Probability({ value, decided }) {
  return html`<p class="probability"><${Bar} name="Probability" value=${value} most=${1} /> <span>${percent(value)} ${decided ? "sure" : "likely at a single look"}</span></p>`;
}

export function Reference({ id, pictured }) {
  if (!id) return html`<p class="blank">No card of the database yet</p>`;
  if (!pictured) return html`<p class="blank">The database has no picture of this card</p>`;
  return html`<img class="cardpicture" src=${pictureOf(id)} alt="Reference picture" width="158" height="220" />`;
}

function Crop({ card, picture }) {
  const canvas = useRef(null);
  useEffect(() => {
    const draw = () => {
      const seen = picture.card(card.track);
      if (!seen || !canvas.current) return;
      const scale = picture.message.width / picture.message.frame_width;
      const corners = ownCorners(seen.corners, card.corners).map(([x, y]) => [x * scale, y * scale]);
      drawCrop(canvas.current, picture.bitmap, corners);
    };
    draw();
    return picture.onFrame(draw);
  }, [card]);
  return html`<canvas ref=${canvas} class="cardpicture" width="158" height="220" role="img" aria-label="The card as the camera sees it"></canvas>`;
}

// Cards to choose from; where one may be chosen, each is a button.
export function Candidates({ candidates, current, choose }) {
  if (candidates.length === 0) return html`<p class="quiet">No card of the database comes near yet.</p>`;
  return html`<ol class="candidates">
    ${candidates.map((each) => html`<li key=${each.card_id}>
      ${choose ? html`<button class="candidate" data-card=${each.card_id} aria-pressed=${each.card_id === current} title="It is this one" onClick=${() => choose(each)}><${Candidate} ...${each} /></button>` : html`<${Candidate} ...${each} />`}
    </li>`)}
  </ol>`;
}

function Candidate({ card_id: id, name, place, pictured, probability }) {
  return html`${pictured ? html`<img src=${pictureOf(id)} alt="" width="79" height="110" loading="lazy" />` : html`<span class="blank">no picture</span>`}
    <strong>${name}</strong><span class="quiet">${place}</span><span>${percent(probability)}</span>`;
}
