// A first start in order, with focus and light as numbers while one turns the lens.
import { html, useEffect, useState } from "/vendor/htm-preact.js";
import { Bar } from "/bar.js";
import { store } from "/store.js";

export function Setup({ picture }) {
  const [, redraw] = useState(0);
  useEffect(() => picture.onFrame(() => redraw((count) => count + 1)), []);
  const threshold = store.settings?.sharpness ?? 100;
  const cards = picture.message?.cards ?? [];
  return html`<section class="panel setup">
    <h2>Set-up, in this order</h2>
    ${store.setup.length === 0 && html`<p class="quiet">The steps appear with the scanner's first message.</p>`}
    <ol>${store.setup.map((step) => html`<li class=${step.done ? "done" : "open"}><strong>${step.title}</strong><p>${step.sentence}</p></li>`)}</ol>
    <h3>Focus now</h3>
    ${cards.length === 0 && html`<p class="quiet">Lay a card under the camera: its sharpness is shown while you turn the lens.</p>`}
    ${cards.map((card) => html`<${Measure} name="Card ${card.track_id}" value=${card.sharpness} enough=${threshold} most=${10 * threshold} />`)}
    ${picture.message && html`<h3>Light now</h3>
      <${Measure} name="Mean brightness" value=${picture.message.exposure.mean} most=${255} />
      <${Measure} name="Pure white, %" value=${100 * picture.message.exposure.white} most=${100} />
      <${Measure} name="Pure black, %" value=${100 * picture.message.exposure.black} most=${100} />`}
  </section>`;
}

function Measure({ name, value, most, enough }) {
  const said = enough === undefined ? "" : value >= enough ? " · sharp enough" : ` · ${enough} is enough`;
  return html`<p class="measure"><span>${name}</span><${Bar} name=${name} value=${value} most=${most} enough=${enough} /><span class="number">${value.toFixed(value < 10 ? 1 : 0)}${said}</span></p>`;
}
