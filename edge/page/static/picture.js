// Pulls pictures, one after the other is shown, and draws outlines on the very frame that they belong to.

const RETRY_MS = 500;
const CORNERS = 4;

export class Picture {
  constructor() {
    this.message = null; // of the frame that is shown
    this.bitmap = null;
    this.listeners = new Set();
    this.key = "";
    this.running = false;
    document.addEventListener("visibilitychange", () => this.pull());
  }

  attach(canvas, outlines) {
    this.canvas = canvas;
    this.outlines = outlines;
    if (this.message) this.draw();
    this.pull();
  }

  onFrame(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async pull() {
    if (this.running) return;
    this.running = true;
    while (!document.hidden && this.canvas?.isConnected) {
      const shown = await this.next();
      if (!shown) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    this.running = false;
  }

  async next() {
    try {
      const answer = await fetch(`/frame?after=${encodeURIComponent(this.key)}`, { cache: "no-store" });
      if (answer.status === 204) return true;
      if (!answer.ok) return false;
      const message = JSON.parse(answer.headers.get("X-Frame"));
      const bitmap = await createImageBitmap(await answer.blob());
      this.bitmap?.close();
      [this.message, this.bitmap, this.key] = [message, bitmap, answer.headers.get("X-Key")];
      this.draw();
      for (const listener of this.listeners) listener();
      await new Promise(requestAnimationFrame);
      return true;
    } catch {
      return false;
    }
  }

  // Picture and outlines change in one go: the browser paints neither without the other.
  draw() {
    const { canvas, message } = this;
    if (canvas.width !== message.width) canvas.width = message.width;
    if (canvas.height !== message.height) canvas.height = message.height;
    canvas.getContext("2d").drawImage(this.bitmap, 0, 0);
    canvas.dataset.key = this.key;
    this.outlines(message);
  }

  card(track) {
    return this.message?.cards.find((card) => card.track_id === track) ?? null;
  }
}

// The turn that brings the corners of a track in order from the card's own top-left. The card may have been moved since
// those were told: corners are compared as they lie about the card's middle.
export function ownCorners(corners, own) {
  const [here, there] = [aboutMiddle(corners), aboutMiddle(own)];
  let best = corners;
  let least = Infinity;
  for (let turn = 0; turn < CORNERS; turn++) {
    const at = (points, index) => points[(index + turn) % CORNERS];
    const distance = there.reduce((sum, [x, y], index) => sum + Math.hypot(x - at(here, index)[0], y - at(here, index)[1]), 0);
    if (distance < least) [least, best] = [distance, corners.map((_, index) => at(corners, index))];
  }
  return best;
}

function aboutMiddle(corners) {
  const [x, y] = [0, 1].map((axis) => corners.reduce((sum, corner) => sum + corner[axis], 0) / corners.length);
  return corners.map((corner) => [corner[0] - x, corner[1] - y]);
}

const GRID = 5;

// Draws the card with these corners (in pixels of the bitmap) upright onto a canvas, cell by cell.
export function drawCrop(canvas, bitmap, corners) {
  const context = canvas.getContext("2d");
  const at = projection(corners);
  const { width, height } = canvas;
  for (let row = 0; row < GRID; row++)
    for (let column = 0; column < GRID; column++) {
      const [u, v, step] = [column / GRID, row / GRID, 1 / GRID];
      const [x0, y0] = at(u, v);
      const [x1, y1] = at(u + step, v);
      const [x2, y2] = at(u, v + step);
      const [a, b, c, d] = [(x1 - x0) / step / width, (y1 - y0) / step / width, (x2 - x0) / step / height, (y2 - y0) / step / height];
      const area = a * d - b * c;
      if (Math.abs(area) < 1e-9) continue;
      context.save();
      context.beginPath();
      context.rect(u * width - 0.5, v * height - 0.5, step * width + 1, step * height + 1);
      context.clip();
      context.setTransform(d / area, -b / area, -c / area, a / area, 0, 0);
      const [dx, dy] = [u * width, v * height];
      const [ox, oy] = [x0 - a * dx - c * dy, y0 - b * dx - d * dy];
      context.drawImage(bitmap, -ox, -oy);
      context.restore();
    }
}

// From the unit square to a quadrilateral (Heckbert, Fundamentals of Texture Mapping, 1989).
function projection([[x0, y0], [x1, y1], [x2, y2], [x3, y3]]) {
  const [dx1, dx2, dx3] = [x1 - x2, x3 - x2, x0 - x1 + x2 - x3];
  const [dy1, dy2, dy3] = [y1 - y2, y3 - y2, y0 - y1 + y2 - y3];
  const determinant = dx1 * dy2 - dx2 * dy1 || 1e-9;
  const g = (dx3 * dy2 - dx2 * dy3) / determinant;
  const h = (dx1 * dy3 - dx3 * dy1) / determinant;
  const [a, b, d, e] = [x1 - x0 + g * x1, x3 - x0 + h * x3, y1 - y0 + g * y1, y3 - y0 + h * y3];
  return (u, v) => {
    const w = g * u + h * v + 1;
    return [(a * u + b * v + x0) / w, (d * u + e * v + y0) / w];
  };
}
