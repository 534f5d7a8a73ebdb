// The card that is looked at: its crop beside its reference picture, what is said of it, and its candidates.
import { html, useEffect, useRef, useState } from "/vendor/htm-preact.js";
import { Centering } from "/centering.js";
import { Bar } from "/bar.js";
import { drawCrop, ownCorners } from "/picture.js";
import { store } from "/store.js";

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

export function Card({ card, here, picture, open, setOpen }) {
  const [tab, setTab] = useState("candidates");
  return html`<article class="panel card state-${card.state}" data-track=${card.track} aria-live="polite">
    <div class="pair">
      <figure><${Crop} card=${card} picture=${picture} /><figcaption>Under the camera</figcaption></figure>
      <figure><${Reference} id=${card.shown} pictured=${card.pictured} /><figcaption>In the database</figcaption></figure>
    </div>
    <div class="said">
      <p class="pill">${STATES[card.state] ?? card.state}</p>
      <h2>${card.name}</h2>
      <p class="place">${card.place}</p>
      ${card.probability !== null && card.candidates.length > 0 && html`<${Probability} value=${card.probability} decided=${card.state === "confirmed"} />`}
      <p>${here ? said(card) : "It has left. Lay down the next card."}</p>
      <p class="buttons">
        <button aria-expanded=${open && tab === "candidates"} onClick=${() => toggle("candidates")}>${card.candidates.length || "No"} candidates <kbd>c</kbd></button>
        <button aria-expanded=${open && tab === "centering"} onClick=${() => toggle("centering")}>Centering <kbd>e</kbd></button>
      </p>
    </div>
    ${open && html`<div class="more">
      ${tab === "candidates" ? html`<${Candidates} card=${card} />` : html`<${Centering} centering=${card.centering} picture=${card.pictured ? pictureOf(card.shown) : null} />`}
    </div>`}
  </article>`;

  function toggle(wanted) {
    setOpen(!(open && tab === wanted));
    setTab(wanted);
  }
}

function said(card) {
  const row = [...store.rows.values()].findLast((each) => each.track === card.track && each.card_id === card.card_id);
  if (card.state !== "confirmed" || card.sentence || !row) return card.sentence;
  return row.before === 0 ? "The first of this card in this run." : `Copy ${row.before + 1} of this card in this run.`;
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

function Candidates({ card }) {
  if (card.candidates.length === 0) return html`<p class="quiet">No card of the database comes near yet.</p>`;
  return html`<ol class="candidates">
    ${card.candidates.map((each) => html`<li key=${each.card_id}>
      ${each.pictured ? html`<img src=${pictureOf(each.card_id)} alt="" width="79" height="110" />` : html`<p class="blank">no picture</p>`}
      <strong>${each.name}</strong><span class="quiet">${each.place}</span><span>${percent(each.probability)}</span>
    </li>`)}
  </ol>`;
}
