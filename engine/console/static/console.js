// The live console: one event stream, sound until somebody acknowledges, countdowns.

const csrf = document.body.dataset.csrf;
const live = document.getElementById("live");
const shout = document.getElementById("shout");
const trouble = document.getElementById("trouble");
const STALE_MS = 12_000;
const cases = new Map();
let offsetMs = 0;
let heardAt = performance.now();
let told = "";

// ---- time: the server's clock, so that a wrong clock here does not lie

function serverNow() {
  return Date.now() + offsetMs;
}

function inWords(dueMs) {
  if (!dueMs) return "no further step";
  const left = Math.ceil((dueMs - serverNow()) / 1000);
  if (left <= 0) return "now";
  const minutes = Math.floor(left / 60);
  const seconds = String(left % 60).padStart(2, "0");
  return minutes >= 60 ? `in ${Math.floor(minutes / 60)} h ${minutes % 60} min` : `in ${minutes}:${seconds}`;
}

function count() {
  for (const cell of document.querySelectorAll(".due")) {
    const text = inWords(Number(cell.dataset.dueMs));
    if (cell.textContent !== text) cell.textContent = text;
  }
  const silent = performance.now() - heardAt;
  if (silent > STALE_MS) show("off", `NOT LIVE for ${Math.round(silent / 1000)} s`);
}

function show(state, text) {
  live.className = `live ${state}`;
  if (live.textContent !== text) live.textContent = text;
}

// ---- sound: loops until every case is acknowledged

let audio = null;
let ringing = null;

function tone(frequency, at, length) {
  const oscillator = audio.createOscillator();
  const gain = audio.createGain();
  oscillator.type = "square";
  oscillator.frequency.value = frequency;
  gain.gain.value = 0.2;
  oscillator.connect(gain).connect(audio.destination);
  oscillator.start(at);
  oscillator.stop(at + length);
}

function ring() {
  if (!audio) return;
  tone(880, audio.currentTime, 0.25);
  tone(660, audio.currentTime + 0.3, 0.25);
}

document.getElementById("sound").addEventListener("click", async (event) => {
  audio ??= new AudioContext();
  await audio.resume();
  ring();
  event.currentTarget.setAttribute("aria-pressed", "true");
  event.currentTarget.textContent = "Sound is on";
});

function alarm() {
  const waiting = [...cases.values()].filter((one) => one.sounds);
  document.body.dataset.sounding = waiting.length ? "yes" : "no";
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = waiting.length ? `(${waiting.length}) ${title}` : title;
  if (waiting.length && !ringing) {
    ring();
    ringing = setInterval(ring, 1500);
  } else if (!waiting.length && ringing) {
    clearInterval(ringing);
    ringing = null;
  }
  const text = waiting.length ? `${waiting.length} alarm(s) wait for HQ: ${waiting.map((one) => one.alias).join(", ")}` : "";
  if (text !== told) {
    told = text;
    shout.textContent = text;
  }
}

// ---- the list: rows are patched by id, so that focus stays where it is

function cell(row, ...children) {
  const td = document.createElement("td");
  td.append(...children);
  row.append(td);
  return td;
}

function badge(text) {
  const span = document.createElement("span");
  span.className = `badge ${text}`;
  span.textContent = text;
  return span;
}

function draw(one) {
  const body = document.querySelector("#cases tbody");
  if (!body) return;
  document.getElementById("none").hidden = true;
  let row = document.getElementById(`case-${one.id}`);
  const link = row?.querySelector("a") ?? document.createElement("a");
  const focused = document.activeElement === link;
  if (!row) {
    row = document.createElement("tr");
    row.id = `case-${one.id}`;
    body.prepend(row);
  }
  row.className = one.response + (one.sounds ? " sounds" : "");
  row.replaceChildren();
  const kind = one.kind === "real" ? [] : [" ", badge(one.kind)];
  cell(row, badge(one.response), " ", badge(one.truth), ...kind);
  link.href = `/alarms/${one.id}`;
  link.textContent = one.alias;
  cell(row, link, ` ${one.country}`);
  const presses = one.presses > 1 ? ` ${one.presses} presses` : "";
  cell(row, (one.signals.join(", ") || "undecodable") + presses + one.doubts.map((doubt) => `, ${doubt}`).join(""));
  cell(row, one.raised_at.slice(11, 19));
  cell(row, `${one.coming} coming of ${one.told} told`);
  const due = cell(row);
  due.className = "due";
  due.dataset.dueMs = one.next_due_ms ?? "";
  if (focused) link.focus();
}

// ---- one case: the page is read anew, unless somebody is writing in it

const open = document.getElementById("case");
let reading = false;

async function reread() {
  const writing = document.activeElement?.matches("input, select");
  if (!open || reading || writing) return;
  reading = true;
  const answer = await fetch(location.pathname, { headers: { accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("case");
  if (fresh) {
    const focusId = document.activeElement?.id;
    document.getElementById("case").replaceWith(fresh);
    if (focusId) document.getElementById(focusId)?.focus();
  }
  reading = false;
}

// ---- the stream: the browser comes back by itself and asks from the last row it saw

function take(one) {
  if (!one) return;
  cases.set(one.id, one);
  draw(one);
  alarm();
  if (open && open.dataset.id === one.id) reread();
}

function state(data) {
  heardAt = performance.now();
  offsetMs = data.now_ms - Date.now();
  show("on", "live");
  const wrong = Object.entries(data.degraded).map(([reason, parts]) => `${reason.replaceAll("_", " ")}: ${parts.join(", ")}`);
  const lost = data.unrecorded.map((line) => `${line.at} ${line.text}`);
  const text = [...lost, ...wrong].join("\n");
  if (trouble.textContent !== text) trouble.textContent = text;
  trouble.setAttribute("role", lost.length || data.degraded.all_channels_down ? "alert" : "status");
  if (lost.length || data.degraded.all_channels_down) ring();
}

function follow() {
  const stream = new EventSource("/events");
  stream.addEventListener("state", (event) => state(JSON.parse(event.data)));
  stream.addEventListener("case", (event) => {
    heardAt = performance.now();
    take(JSON.parse(event.data).alarm);
  });
  stream.addEventListener("reset", () => location.reload());
  stream.addEventListener("error", () => show("off", "NOT LIVE: reconnecting"));
}

// ---- keys: j and k move, a acknowledges the open case

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
  const links = [...document.querySelectorAll("#cases tbody a")];
  const at = links.indexOf(document.activeElement);
  if (event.key === "j") links[Math.min(at + 1, links.length - 1)]?.focus();
  if (event.key === "k") links[Math.max(at - 1, 0)]?.focus();
  if (event.key === "a") document.getElementById("do-acknowledge")?.click();
});

const known = await fetch("/api/alarms", { headers: { "x-csrf-token": csrf } });
for (const one of await known.json()) cases.set(one.id, one);
alarm();
setInterval(count, 500);
document.addEventListener("visibilitychange", count);
follow();
