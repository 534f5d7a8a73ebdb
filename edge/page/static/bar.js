// A value as the length of a bar; where so much is enough, a mark says where that is.
import { html } from "/vendor/htm-preact.js";

export function Bar({ name, value, most, enough }) {
  const share = (part) => `${Math.min(100, Math.max(0, (100 * part) / most))}%`;
  return html`<span class="bar ${enough !== undefined && value < enough ? "short" : ""}" role="meter" aria-label=${name} aria-valuemin="0" aria-valuemax=${most} aria-valuenow=${value}>
    <span style=${{ width: share(value) }}></span>${enough !== undefined && html`<i style=${{ left: share(enough) }}></i>`}
  </span>`;
}
