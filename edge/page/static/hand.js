// Measuring a card by hand: four corners and eight lines on its picture, under a magnifier, with undo.
import { html, useEffect, useRef, useState } from "/vendor/htm-preact.js";
import { Centering } from "/centering.js";
import { pathOf } from "/records.js";

const SIDES = ["top", "right", "bottom", "left"]; // between corner k and k + 1
const CORNERS = ["top left", "top right", "bottom right", "bottom left"];
const NAMES = { outer: "card", inner: "print" };
const [LENS, ZOOM] = [170, 6];
const [STEP, LARGE_STEP] = [0.5, 5];

export function ByHand({ row, automatic, track, close }) {
  const dialog = useRef(null);
  const [face, setFace] = useState("front");
  const [known, setKnown] = useState(null);
  const [lines, setLines] = useState(null);
  const [past, setPast] = useState([]);
  const [at, setAt] = useState(null); // what the magnifier shows
  const [wrong, setWrong] = useState(null);
  const [stamp, setStamp] = useState(0);
  const path = `${pathOf(row)}/${face}`;

  useEffect(() => dialog.current.showModal(), []);
  useEffect(() => {
    ask(path);
  }, [path]);

  async function ask(address, options) {
    try {
      const found = await (await fetch(address, { cache: "no-store", ...options })).json();
      if (found.error) return setWrong(found.error);
      setWrong(null);
      setKnown(found);
      setLines(found.pictured ? { outer: found.outer, inner: found.inner } : null);
      setPast([]);
      setStamp((count) => count + 1);
    } catch {
      setWrong("The page's own service does not answer; nothing was changed.");
    }
  }
  const post = (what, body) => ask(`${path}/${what}`, { method: "POST", body });
  const undo = () => {
    if (!past.length) return;
    setLines(past.at(-1));
    setPast(past.slice(0, -1));
  };
  const press = (event) => {
    if (event.key === "z" || event.key === "u") undo();
    else if (event.key === "s" && lines) post("lines", JSON.stringify(lines));
    event.stopPropagation(); // the page's own keys rest meanwhile
  };
  const begin = () => setPast([...past, lines]);

  return html`<dialog ref=${dialog} class="hand" onClose=${close} onKeyDown=${press} aria-label="Measure by hand">
    <div class="handhead">
      <h2>${row.name}, measured by hand</h2>
      <nav aria-label="Sides">${["front", "back"].map((each) => html`<button aria-current=${face === each ? "page" : null} onClick=${() => setFace(each)}>${each === "front" ? "Front" : "Back"}</button>`)}</nav>
      <button data-do="close-hand" onClick=${() => dialog.current.close()}>Close <kbd>Esc</kbd></button>
    </div>
    <p class="buttons">
      <button data-do="camera" disabled=${track === null} title=${track === null ? "No card lies under the camera" : "The chosen card under the camera"} onClick=${() => post("camera", JSON.stringify({ track }))}>Picture from the camera</button>
      <label class="file">A photo of yours<input type="file" accept="image/*" onChange=${(event) => event.target.files[0] && post("photo", event.target.files[0])} /></label>
      <button data-do="undo-line" disabled=${!past.length} onClick=${undo}>Undo <kbd>z</kbd></button>
      <button class="primary" data-do="measure" disabled=${!lines} onClick=${() => post("lines", JSON.stringify(lines))}>Measure <kbd>s</kbd></button>
      <button data-do="forget" disabled=${!known?.pictured} onClick=${() => post("forget", "")}>Start anew</button>
      <a class="button" href="${pathOf(row)}/report" target="_blank" rel="noopener">Report</a>
    </p>
    ${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
    ${known && !known.pictured && html`<p class="empty">There is no picture of the ${face} yet. ${face === "back" ? "Turn the card over under the camera, close this, choose it and come back; or take a photo of it." : "Lay the card under the camera, or take a photo of it."}</p>`}
    ${known?.pictured && lines && html`<div class="handwork">
      <${Stage} key=${`${path}${stamp}`} source=${`${path}/picture?${stamp}`} known=${known} lines=${lines} begin=${begin} change=${setLines} at=${at} look=${setAt} />
      <div>
        <p class="quiet">Drag the card's four corners or its four blue lines onto its cut edges, then the four orange lines onto the edge of the print. Tab goes through them, arrows move them by half a pixel, with Shift by five.</p>
        ${known.centering ? html`<h3>By hand</h3><${Centering} centering=${known.centering} picture=${null} />` : html`<p class="quiet">Then 'Measure'. The result is kept beside the automatic one, and marked as made by hand.</p>`}
        ${face === "front" && automatic && html`<h3>Automatic</h3><${Centering} centering=${automatic} picture=${null} />`}
      </div>
    </div>`}
  </dialog>`;
}

function Stage({ source, known, lines, begin, change, at, look }) {
  const svg = useRef(null);
  const image = useRef(null);
  const lens = useRef(null);
  const held = useRef(null);
  const [, loaded] = useState(false);
  useEffect(() => drawLens(lens.current, image.current, lines, at));

  const place = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.current.getScreenCTM().inverse());
    return [point.x, point.y];
  };
  const handlers = (kind, name, index) => ({
    onPointerDown: (event) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      begin();
      held.current = { from: place(event), lines };
      look(name === "line" ? place(event) : lines[kind][index]);
    },
    onPointerMove: (event) => {
      if (!held.current) return;
      const [x, y] = place(event);
      const moved = shifted(held.current.lines, kind, name, index, x - held.current.from[0], y - held.current.from[1]);
      change(moved);
      look(name === "line" ? nearest(moved[kind], index, [x, y]) : moved[kind][index]);
    },
    onPointerUp: () => (held.current = null),
    onPointerCancel: () => (held.current = null),
    onFocus: () => look(name === "line" ? middle(lines[kind], index) : lines[kind][index]),
    onKeyDown: (event) => {
      const step = event.shiftKey ? LARGE_STEP : STEP;
      const [dx, dy] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key] ?? [0, 0];
      if (!dx && !dy) return;
      event.preventDefault();
      begin();
      const moved = shifted(lines, kind, name, index, dx, dy);
      change(moved);
      look(name === "line" ? middle(moved[kind], index) : moved[kind][index]);
    },
  });
  const { width, height } = known;
  const size = Math.max(width, height) / 100;
  const left = at && at[0] > width / 2;
  return html`<div class="handstage" style=${{ "--aspect": width / height }}>
    <img ref=${image} src=${source} alt="The card" draggable=${false} onLoad=${() => loaded(true)} />
    <svg ref=${svg} viewBox="-0.5 -0.5 ${width} ${height}">
      ${["outer", "inner"].map((kind) => html`
        ${SIDES.map((side, index) => html`<g class="handle ${kind}" tabindex="0" role="slider" aria-valuenow=${Math.round(10 * middle(lines[kind], index)[index % 2 ? 0 : 1]) / 10} aria-label=${`${side} edge of the ${NAMES[kind]}`} data-handle=${`${kind}-${side}`} ...${handlers(kind, "line", index)}>
          <${Line} points=${lines[kind]} index=${index} wide=${3.5 * size} /></g>`)}
        ${lines[kind].map(([x, y], index) => html`<g class="handle ${kind}" tabindex=${kind === "outer" ? 0 : -1} role="slider" aria-valuenow=${Math.round(x)} aria-label=${`${CORNERS[index]} corner of the ${NAMES[kind]}`} data-handle=${`${kind}-corner-${index}`} ...${handlers(kind, "corner", index)}>
          ${kind === "outer" ? html`<circle class="grip" cx=${x} cy=${y} r=${1.6 * size} />` : html`<rect class="grip" x=${x - 0.9 * size} y=${y - 0.9 * size} width=${1.8 * size} height=${1.8 * size} />`}</g>`)}`)}
    </svg>
    ${at && html`<canvas ref=${lens} class="lens ${left ? "at-left" : ""}" width=${2 * LENS} height=${2 * LENS} aria-hidden="true"></canvas>`}
  </div>`;
}

function Line({ points, index, wide }) {
  const [[x1, y1], [x2, y2]] = [points[index], points[(index + 1) % 4]];
  return html`<line class="grasp" style=${{ strokeWidth: wide }} x1=${x1} y1=${y1} x2=${x2} y2=${y2} /><line class="drawn" x1=${x1} y1=${y1} x2=${x2} y2=${y2} />`;
}

// A corner goes where it is led; a line moves across itself, with both of its ends.
function shifted(lines, kind, name, index, dx, dy) {
  const points = lines[kind].map((point) => [...point]);
  if (name === "corner") points[index] = [points[index][0] + dx, points[index][1] + dy];
  else {
    const [a, b] = [points[index], points[(index + 1) % 4]];
    const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
    const [nx, ny] = [-(b[1] - a[1]) / length, (b[0] - a[0]) / length];
    const by = dx * nx + dy * ny;
    for (const end of [index, (index + 1) % 4]) points[end] = [points[end][0] + by * nx, points[end][1] + by * ny];
  }
  return { ...lines, [kind]: points };
}

const middle = (points, index) => [0, 1].map((axis) => (points[index][axis] + points[(index + 1) % 4][axis]) / 2);

function nearest(points, index, [x, y]) {
  const [a, b] = [points[index], points[(index + 1) % 4]];
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const share = Math.min(1, Math.max(0, ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy || 1)));
  return [a[0] + share * dx, a[1] + share * dy];
}

// The lens shows pixels as they are: no smoothing, and lines thinner than the pixels under them.
function drawLens(canvas, image, lines, at) {
  if (!canvas || !image?.naturalWidth || !at) return;
  const context = canvas.getContext("2d");
  const scale = 2 * ZOOM;
  context.imageSmoothingEnabled = false;
  context.fillStyle = "#000";
  context.fillRect(0, 0, 2 * LENS, 2 * LENS);
  const placed = ([x, y]) => [(x - at[0]) * scale + LENS, (y - at[1]) * scale + LENS];
  const [left, top] = placed([-0.5, -0.5]);
  context.drawImage(image, left, top, image.naturalWidth * scale, image.naturalHeight * scale);
  for (const [kind, colour] of [["outer", "#39a0ff"], ["inner", "#ff9a2e"]]) {
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.beginPath();
    lines[kind].forEach((point, index) => context[index ? "lineTo" : "moveTo"](...placed(point)));
    context.closePath();
    context.stroke();
  }
}
