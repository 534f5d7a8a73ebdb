// The cards that were ever scanned, newest first, as far as they were asked for; and what is said of them.
import { onChange, store } from "/store.js";

export const records = { rows: [], more: false, trouble: null, summary: null, revision: 0, notice: null };

const listeners = new Set();
let asking = false;
let wanted = 1; // pages
let noticed = null;

export function onRecords(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const keyOf = (row) => `${row.session}/${row.scan}`;
export const recordOf = (track) => records.rows.find((row) => row.track === track) ?? null;
export const pathOf = (row) => `/scans/${encodeURIComponent(row.session)}/${row.scan}`;

onChange(() => {
  if (store.collection !== records.revision) read();
});

export function more() {
  wanted += 1;
  read();
}

async function read() {
  if (asking || !store.answering) return;
  asking = true;
  try {
    const found = [];
    let page = null;
    for (let count = 0; count < wanted && (page === null || page.more); count++) {
      const answer = await fetch(count ? `/scans?before=${found.at(-1).scan}` : "/scans");
      if (!answer.ok) return;
      page = await answer.json();
      found.push(...page.rows);
    }
    Object.assign(records, { rows: found, more: page.more, trouble: page.trouble, summary: page.summary, revision: page.revision });
    tell();
  } catch {
    // The page's service is gone: it is asked again with its next word.
  } finally {
    asking = false;
  }
}

export async function detail(row) {
  try {
    const answer = await fetch(pathOf(row), { cache: "no-store" });
    return await answer.json();
  } catch {
    return { error: "The page's own service does not answer; trying again with its next word." };
  }
}

// Says something to the page's service; what comes of it is told in a sentence.
export async function say(path, content) {
  const body = content instanceof Blob ? content : JSON.stringify(content ?? {});
  try {
    const answer = await fetch(path, { method: "POST", body });
    const told = await answer.json();
    notice(told.error ?? told.said, Boolean(told.error));
    return told;
  } catch {
    notice("Nothing was changed: the page's own service does not answer.", true);
    return { error: "no answer" };
  }
}

export const edit = (row, said) => say("/edit", { session: row.session, scan: row.scan, ...said });
export const undo = () => say("/undo");
export const redo = () => say("/redo");
export const remove = (row) => edit(row, { quantity: row.quantity === 0 ? null : 0 });

const NOTICE_MS = 6000;

function notice(sentence, wrong) {
  clearTimeout(noticed);
  records.notice = sentence ? { sentence, wrong } : null;
  if (sentence && !wrong) noticed = setTimeout(() => notice(null), NOTICE_MS);
  tell();
}

function tell() {
  for (const listener of listeners) listener();
}
