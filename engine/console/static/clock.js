// Times as people at HQ read them: by the server's clock, in UTC and in local time.

let offsetMs = Number(document.body.dataset.nowMs) - Date.now();

export function setServerTime(ms) {
  offsetMs = ms - Date.now();
}

export function serverNow() {
  return Date.now() + offsetMs;
}

// A computer that sleeps stops one of the two clocks, and somebody may set the other.
export function instant() {
  return { steady: performance.now(), wall: Date.now() };
}

export function msSince(then) {
  return Math.max(performance.now() - then.steady, Date.now() - then.wall);
}

// A hand may go by another clock than the page, of a display elsewhere, say. The least by which
// what it pressed lately was late lies between the two; the rest is of a busy page. Moves are not
// asked: a browser makes some by itself.
const LATELY_MS = 5_000;
let began = 0;
let leastMs = Infinity;
let leastBeforeMs = Infinity;

function note(event) {
  const now = performance.now();
  if (now - began > LATELY_MS) {
    leastBeforeMs = now - began > 2 * LATELY_MS ? Infinity : leastMs;
    leastMs = Infinity;
    began = now;
  }
  // 0: by that clock it was before the page began.
  if (event.timeStamp) leastMs = Math.min(leastMs, now - event.timeStamp);
}

for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, note, true);

// When a click was made, by the page's clock.
export function madeAt(click) {
  const made = (click.timeStamp || Infinity) + Math.min(leastMs, leastBeforeMs);
  return Math.min(made, performance.now());
}

function clockOf(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
}

function until(dueMs) {
  const left = Math.ceil((dueMs - serverNow()) / 1000);
  return left <= 0 ? "now" : `in ${clockOf(left)}`;
}

function ago(ms) {
  const seconds = Math.max(0, Math.floor((serverNow() - ms) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min ago` : `${Math.floor(hours / 24)} d ago`;
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const local = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", hour12: false });

function part(moment, name) {
  let found = moment.querySelector(`.${name}`);
  if (!found) {
    found = document.createElement("small");
    found.className = name;
    moment.append(" ", found);
  }
  return found;
}

export function tellTimes() {
  for (const due of document.querySelectorAll(".due")) say(due, until(Number(due.dataset.dueMs)));
  for (const moment of document.querySelectorAll("time.moment")) {
    const at = new Date(moment.dateTime);
    if (at.getTimezoneOffset() !== 0) say(part(moment, "local"), `${local.format(at)} here`);
    if (!moment.closest(".lines")) say(part(moment, "ago"), ago(at.getTime()));
  }
}

export function leftInWords(seconds) {
  return clockOf(Math.max(0, Math.ceil(seconds)));
}
