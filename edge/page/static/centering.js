// The borders of a card, drawn on its picture with their uncertainty, and what they allow.
import { html } from "/vendor/htm-preact.js";

const WIDTH_MM = 63;
const HEIGHT_MM = 88;
const SIGMAS = 2;
const ALONG = { left: "y", right: "y", top: "x", bottom: "x" };

export function Centering({ centering, picture, absent = "Centering is measured once the card is recognised and lies still." }) {
  if (!centering) return html`<p class="quiet">${absent}</p>`;
  if (!centering.measurable) return html`<p class="quiet">No centering: ${centering.reason}</p>`;
  const { left_right: across, top_bottom: along } = centering;
  return html`<div class="centering">
    <svg viewBox="-1 -1 ${WIDTH_MM + 2} ${HEIGHT_MM + 2}" role="img" aria-label="The card with its measured borders">
      ${picture && html`<image href=${picture} width=${WIDTH_MM} height=${HEIGHT_MM} preserveAspectRatio="none" />`}
      <rect class="cut" width=${WIDTH_MM} height=${HEIGHT_MM} rx="2.5" />
      ${["left", "right", "top", "bottom"].map((side) => html`<${Border} side=${side} ...${centering.borders_mm[side]} />`)}
      ${centering.points.filter((point) => point.width_mm !== null).map((point) => html`<${Place} point=${point} />`)}
    </svg>
    <dl>
      <${Shares} name="Left / right" shares=${across} std=${centering.left_right_std} />
      <${Shares} name="Top / bottom" shares=${along} std=${centering.top_bottom_std} />
      <dt>Borders</dt>
      <dd>${["left", "right", "top", "bottom"].map((side) => html`<span class="nowrap">${side} ${centering.borders_mm[side].value.toFixed(2)}</span> `)} mm</dd>
      <dt>Allows at best</dt>
      <dd class="grades">${Object.entries(centering.grades).map(([company, grade]) => html`<${Grade} company=${company} grade=${grade} />`)}</dd>
    </dl>
    ${centering.notes.map((note) => html`<p class="quiet">${note}</p>`)}
  </div>`;
}

function Border({ side, value, std }) {
  const from = side === "right" ? WIDTH_MM - value : side === "bottom" ? HEIGHT_MM - value : value;
  const half = SIGMAS * std;
  return ALONG[side] === "y"
    ? html`<rect class="band" x=${from - half} y="0" width=${2 * half} height=${HEIGHT_MM} /><line class="print" x1=${from} x2=${from} y1="0" y2=${HEIGHT_MM} />`
    : html`<rect class="band" x="0" y=${from - half} width=${WIDTH_MM} height=${2 * half} /><line class="print" x1="0" x2=${WIDTH_MM} y1=${from} y2=${from} />`;
}

function Place({ point }) {
  const { side, width_mm: width, position_mm: position } = point;
  const inward = side === "right" ? WIDTH_MM - width : side === "bottom" ? HEIGHT_MM - width : width;
  const [x, y] = ALONG[side] === "y" ? [inward, position] : [position, inward];
  return html`<circle class=${point.outlier ? "place outlier" : "place"} cx=${x} cy=${y} r="0.7" />`;
}

function Shares({ name, shares, std }) {
  return html`<dt>${name}</dt>
    <dd class="shares"><strong>${shares[0].toFixed(1)} / ${shares[1].toFixed(1)}</strong> <span class="quiet">± ${(SIGMAS * std).toFixed(1)}</span></dd>`;
}

function Grade({ company, grade }) {
  const said = grade.best ?? `below ${grade.below}`;
  const title = grade.verified ? "By the company's own published tolerance" : "By a tolerance that is not verified";
  return html`<span class="grade" title=${title}>${company} <strong>${said}</strong> <span class="quiet">${Math.round(100 * grade.probability)} %</span></span>`;
}
