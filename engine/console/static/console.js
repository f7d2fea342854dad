// The live console: one event stream; what waits for HQ; what is wrong.

import { takeActs } from "./acts.js";
import { leftInWords, setServerTime, tellTimes } from "./clock.js";
import "./keys.js";
import { hide, refresh } from "./patch.js";
import { sound } from "./sound.js";

const STALE_MS = 12_000;
const AGAIN_MS = 1_000;
const READ_MS = 10_000;
// A restart takes less; whoever is cut off for longer must not sleep through it.
const CUT_SOUNDS_MS = 30_000;
const live = document.getElementById("live");
const cut = document.getElementById("cut");
const shout = document.getElementById("shout");
const trouble = document.getElementById("trouble");
const cases = new Map();
let last = Number(document.body.dataset.position);
let heardAt = performance.now();
let severe = false;
let stream = null;
let isSignedOut = false;
let isBehind = false;
let isLearned = false;
let revealedUntil = 0;

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// ---- is this page true?

function isLive() {
  heardAt = performance.now();
  if (isBehind) return;
  live.className = "live on";
  document.body.dataset.live = "yes";
  put(live, "Live");
  put(cut, "");
}

function isCut(text) {
  live.className = "live off";
  document.body.dataset.live = "no";
  put(live, "NOT LIVE");
  put(cut, text);
}

function signedOut() {
  isSignedOut = true;
  stream?.close();
  isCut("NOT LIVE: you are signed out. ");
  const link = document.createElement("a");
  link.href = `/sign-in?to=${encodeURIComponent(location.pathname)}`;
  link.textContent = "Sign in again";
  cut.append(link);
  alarm();
}

// ---- what waits for HQ

function alarm() {
  const waiting = [...cases.values()].filter((one) => one.sounds);
  const isCutOff = performance.now() - heardAt > CUT_SOUNDS_MS;
  sound(waiting.length > 0 || severe || isSignedOut || isCutOff);
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = waiting.length ? `(${waiting.length}) ${title}` : title;
  call(waiting);
}

function call(waiting) {
  const ids = waiting.map((one) => one.id).join(" ");
  if (shout.dataset.ids === ids) return;
  shout.dataset.ids = ids;
  const verb = waiting.length === 1 ? "alarm waits" : "alarms wait";
  const words = waiting.length ? [`${waiting.length} ${verb} for HQ: `] : [];
  for (const one of waiting) {
    const link = document.createElement("a");
    link.href = `/alarms/${one.id}`;
    link.textContent = one.alias;
    words.push(...(words.length > 1 ? [", "] : []), link);
  }
  shout.replaceChildren(...words);
}

function state(data) {
  setServerTime(data.now_ms);
  isLive();
  const wrong = Object.entries(data.degraded)
    .filter(([reason]) => reason !== "nobody_watching")
    .map(([reason, parts]) => `${reason.replaceAll("_", " ")}: ${parts.join(", ")}`);
  const lost = data.unrecorded.map((line) => `${line.at.slice(11, 19)} UTC ${line.text}`);
  severe = lost.length > 0 || "all_channels_down" in data.degraded;
  trouble.setAttribute("role", severe ? "alert" : "status");
  trouble.classList.toggle("severe", severe);
  put(trouble, [...lost, ...wrong].join("\n"));
  alarm();
  if (!isLearned) learn().catch(() => {});
}

// ---- the page follows

function patched() {
  const open = document.getElementById("case");
  const left = Number(open?.dataset.revealedForS ?? 0);
  revealedUntil = left ? performance.now() + left * 1000 : 0;
  tellTimes();
}

async function follow() {
  if (!document.querySelector("[data-patch]")) return;
  const isRead = await refresh(signedOut, patched);
  if (isSignedOut || isRead === undefined) return;
  const wasBehind = isBehind;
  isBehind = !isRead;
  if (isRead && wasBehind) isLive();
  if (isRead) return;
  // The stream may be there all the same: an old page must not pass for a live one.
  isCut("NOT LIVE: this page cannot be read anew; trying again every second");
  setTimeout(follow, AGAIN_MS);
}

function tick() {
  tellTimes();
  const silent = performance.now() - heardAt;
  if (silent > STALE_MS && !isSignedOut) isCut(`NOT LIVE for ${Math.round(silent / 1000)} s: what you see may be old`);
  if (silent > CUT_SOUNDS_MS) alarm();
  const left = document.getElementById("revealed-left");
  if (!left || !revealedUntil) return;
  put(left, leftInWords((revealedUntil - performance.now()) / 1000));
  if (performance.now() > revealedUntil) {
    // What was shown leaves the page even where the engine is away.
    hide(["place", "people", "timeline"]);
    revealedUntil = 0;
    follow();
  }
}

async function learn() {
  isLearned = false;
  const answer = await fetch("/api/alarms", { signal: AbortSignal.timeout(READ_MS) });
  if (answer.status === 401) return signedOut();
  const all = await answer.json();
  cases.clear();
  for (const one of all) cases.set(one.id, one);
  isLearned = true;
  alarm();
}

// ---- the stream: the browser comes back by itself and asks from the last row it saw

function take(event) {
  heardAt = performance.now();
  last = Number(event.lastEventId);
  const one = JSON.parse(event.data).alarm;
  if (!one) return;
  cases.set(one.id, one);
  alarm();
  const open = document.getElementById("case");
  if (!open || open.dataset.id === one.id) follow();
}

async function reset(event) {
  last = Number(event.lastEventId);
  stream.close();
  await learn().catch(() => {});
  follow();
  if (!isSignedOut) listen();
}

function listen() {
  stream = new EventSource(`/events?after=${last}`);
  stream.addEventListener("state", (event) => state(JSON.parse(event.data)));
  stream.addEventListener("case", take);
  stream.addEventListener("reset", reset);
  stream.addEventListener("signed-out", signedOut);
  stream.addEventListener("error", lost);
}

async function lost() {
  if (isSignedOut) return;
  isCut("NOT LIVE: the engine does not answer; trying again every second");
  // A refused stream is closed for good; the browser itself only comes back from a cut.
  if (stream.readyState !== EventSource.CLOSED) return;
  stream.close();
  try {
    await learn();
  } catch {
    // Still away.
  }
  if (!isSignedOut) setTimeout(listen, AGAIN_MS);
}

takeActs(follow);
setInterval(tick, 500);
document.addEventListener("visibilitychange", tick);
patched();
// First what is, then what comes: the stream goes on from the page's own position.
await learn().catch(() => {});
if (!isSignedOut) listen();
