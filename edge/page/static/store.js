// What the page knows: kept up to date by the page's server, as long as that answers.

const SILENCE_MS = 2800; // the server says something every second
const RETRY_MS = 1000;

export const store = {
  answering: null, // null until the first answer or failure
  connection: "waiting",
  session: null,
  trouble: null,
  cards: new Map(), // track -> card
  present: [],
  rows: new Map(), // number -> row
  collection: 0,
  totals: { confirmed: 0, per_hour: null },
  health: null,
  history: [],
  setup: [],
  settings: null,
};

const listeners = new Set();
const rowListeners = new Set();

export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function onRow(listener) {
  rowListeners.add(listener);
}

export function connect() {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/news`);
  let first = true;
  let watchdog = setTimeout(() => socket.close(), SILENCE_MS);
  socket.onmessage = (event) => {
    clearTimeout(watchdog);
    watchdog = setTimeout(lost, SILENCE_MS);
    take(JSON.parse(event.data), first);
    first = false;
  };
  const lost = () => {
    clearTimeout(watchdog);
    socket.onmessage = socket.onclose = null;
    socket.close();
    store.answering = false;
    tell();
    setTimeout(askWhy, RETRY_MS);
  };
  socket.onclose = lost;
}

// A session that ran out looks like a server that is gone; only a request tells them apart.
async function askWhy() {
  try {
    const answer = await fetch("/metrics", { cache: "no-store" });
    if (answer.status === 401) return location.replace("/login");
  } catch {
    // still gone
  }
  connect();
}

function take(news, first) {
  const anew = first || news.session !== store.session;
  if (anew) {
    store.cards.clear();
    store.rows.clear();
    store.history = [];
    store.health = null;
  }
  store.answering = true;
  for (const key of ["connection", "session", "trouble", "present", "totals", "collection"]) store[key] = news[key];
  for (const card of news.cards) store.cards.set(card.track, card);
  for (const track of [...store.cards.keys()]) if (!news.present.includes(track)) store.cards.delete(track);
  if (news.health) {
    store.health = news.health;
    store.setup = news.setup;
    store.settings = news.settings;
    store.history = [...store.history, ...news.history].slice(-300);
  }
  for (const row of news.rows) {
    const before = store.rows.get(row.number);
    store.rows.set(row.number, row);
    if (!anew && (!before || before.kind !== row.kind)) for (const listener of rowListeners) listener(row);
  }
  tell();
}

function tell() {
  for (const listener of listeners) listener();
}

// What is wrong, and what to do; null where all is well.
export function complaint() {
  if (store.answering === null) return "Connecting ...";
  if (!store.answering)
    return "The page's own service does not answer. Trying again every second; meanwhile check that this device is in the scanner's network ('systemctl status card-scanner-page' on the scanner says more).";
  if (store.connection === "trouble") return store.trouble;
  if (store.connection === "waiting")
    return "The scanner has not been heard yet. It may still be starting; otherwise start it with 'sudo systemctl start card-scanner', or 'card-scanner run'.";
  if (store.connection === "silent")
    return "The scanner has stopped talking. It is usually back within seconds by itself; if not, 'systemctl status card-scanner' says why.";
  if (store.settings?.paused) return "The scanner is paused. A program that paused it can let it go on with the command 'resume'.";
  return null;
}
