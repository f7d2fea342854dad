// Three pages of a browser have a stream, those that are looked at first; the others
// hear of rows from them. A browser keeps six connections to one address: six pages with
// a stream each would leave none for an act, or for a seventh page.

import { instant, msSince } from "./clock.js";

const KINDS = ["state", "case", "reset", "signed-out"];
const STALE_MS = 12_000;
const AGAIN_MS = 1_000;
const OPENS_MS = 6_000;
const STREAMS_MAX = 3;
const me = crypto.getRandomValues(new Uint32Array(1))[0];
const pages = "BroadcastChannel" in window ? new BroadcastChannel("natalia") : null;
const others = new Map();
let on = null;
let last = 0;
let source = null;
let latest = "";
let heard = instant();
let openedAt = 0;

export function silentMs() {
  return msSince(heard);
}

export function isStale() {
  return silentMs() > STALE_MS;
}

function take(kind, data, id) {
  heard = instant();
  if (id) last = Number(id);
  if (kind === "state") latest = data;
  on[kind](JSON.parse(data));
}

function tell(kind, data = "", id = "") {
  pages?.postMessage({ from: me, isHidden: document.hidden, kind, data, id });
}

function open() {
  source?.close();
  openedAt = performance.now();
  const mine = new EventSource(`/events?after=${last}`);
  source = mine;
  for (const kind of KINDS) {
    mine.addEventListener(kind, (event) => {
      if (mine !== source) return;
      tell(kind, event.data, event.lastEventId);
      take(kind, event.data, event.lastEventId);
    });
  }
  mine.addEventListener("error", () => lost(mine));
}

async function lost(mine) {
  if (mine !== source) return;
  on.cut();
  // A refused stream is closed for good; the browser itself only comes back from a cut.
  if (mine.readyState !== EventSource.CLOSED) return;
  await on.ask();
  setTimeout(() => {
    if (mine === source) open();
  }, AGAIN_MS);
}

// ---- several pages of one browser

function isBefore(other) {
  if (other.isHidden !== document.hidden) return document.hidden;
  return other.from < me;
}

function isTold() {
  const now = performance.now();
  const fresh = [...others.values()].filter(({ at }) => now - at < STALE_MS);
  return fresh.filter(isBefore).length >= STREAMS_MAX;
}

function rest() {
  source?.close();
  source = null;
  tell("rests");
}

function relayed({ data: said }) {
  if (said.kind === "rests") {
    others.delete(said.from);
    // The timers of a page that nobody looks at may wait for a minute.
    look();
  } else if (said.kind === "asks") {
    if (source && latest) tell("state", latest);
  } else {
    others.set(said.from, { ...said, at: performance.now() });
    if (!on) return;
    take(said.kind, said.data, said.id);
    if (!source || !isTold()) return;
    rest();
    // The others may have told of rows before this page was there to hear of them.
    on.missed();
  }
}

// Once in a while: comes back where nothing is heard although no error was, as after a
// sleep or a change of network, and where the other pages have gone.
export function look() {
  if (!on) return;
  if (source) {
    if (isStale() && performance.now() - openedAt > OPENS_MS) open();
  } else if (!isTold()) {
    open();
    on.missed();
  }
}

// Ends it: nobody listens, here or for another page.
export function stop() {
  on = null;
  rest();
}

export function listen(after, handlers) {
  last = after;
  on = handlers;
  heard = instant();
  open();
  tell("asks");
}

// Reads on from behind what a reset has named.
export function reopen() {
  if (on && source) open();
}

pages?.addEventListener("message", relayed);
addEventListener("pagehide", () => tell("rests"));
addEventListener("pageshow", (event) => {
  // Taken from the browser's memory, by its back button: as old as it looks.
  if (!event.persisted || !on || !source) return;
  open();
  on.missed();
});
