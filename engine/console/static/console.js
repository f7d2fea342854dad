// The live console: one event stream; what waits for HQ; what is wrong.

import { takeActs } from "./acts.js";
import { instant, leftInWords, msSince, setServerTime, tellTimes } from "./clock.js";
import "./keys.js";
import { hide, readAnew, refresh } from "./patch.js";
import { sound } from "./sound.js";
import { isStale, listen, look, reopen, silentMs, stop } from "./stream.js";

const AGAIN_MS = 1_000;
const READ_MS = 10_000;
const BACK_MS = 2_000;
// Fifty names would cover a telephone's whole screen.
const NAMED_MAX = 5;
// A restart takes less; whoever is cut off for longer must not sleep through it.
const CUT_SOUNDS_MS = 30_000;
const OLD = "NOT LIVE: the engine cannot read here what is new: take what it sends you by e-mail and SMS for true, and read its log";
// Whoever comes on shift on this page hears it again.
const HEARD = `standing-still-heard ${document.body.dataset.operator}`;
const live = document.getElementById("live");
const cut = document.getElementById("cut");
const shout = document.getElementById("shout");
const trouble = document.getElementById("trouble");
const cases = new Map();
const positions = new Map();
const learning = new Set();
let waited = new Set();
let severe = false;
let standing = [];
let routes = [];
let isSignedOut = false;
let isBehind = false;
// Since when the engine cannot read what is new: its stream goes on, and says nothing of it.
let oldSince = null;
let isLearned = false;
let revealed = null;
let again = 0;

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// ---- is this page true?

function isLive() {
  if (isBehind || oldSince) return;
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
  if (isSignedOut) return;
  isSignedOut = true;
  stop();
  conceal();
  isCut("NOT LIVE: you are signed out. ");
  const link = document.createElement("a");
  link.href = `/sign-in?to=${encodeURIComponent(location.pathname)}`;
  link.textContent = "Sign in again";
  // What somebody is writing stays here, and this page goes on once they are back.
  link.addEventListener("click", () => { link.target = isWritten() ? "_blank" : ""; });
  cut.append(link);
  alarm();
  setTimeout(signedIn, BACK_MS);
}

function isWritten() {
  const fields = [...document.querySelectorAll("#acts input:not([type=hidden]), #acts select")];
  return fields.some((field) => field.value);
}

async function signedIn() {
  const page = await readAnew();
  const { csrf, operator } = page?.body.dataset ?? {};
  if (!csrf) return setTimeout(signedIn, BACK_MS);
  if (operator !== document.body.dataset.operator) {
    isCut(`NOT LIVE: ${operator} is signed in in this browser now; reload this page`);
    return setTimeout(signedIn, BACK_MS);
  }
  document.body.dataset.csrf = csrf;
  for (const field of document.querySelectorAll("input[name=csrf]")) field.value = csrf;
  isSignedOut = false;
  await missed();
  return begin(Number(page.body.dataset.position));
}

// ---- what waits for HQ

function alarm() {
  const waiting = [...cases.values()].filter((one) => one.sounds);
  const isCutOff = Math.max(silentMs(), oldSince ? msSince(oldSince) : 0) > CUT_SOUNDS_MS;
  const isNew = waiting.some((one) => !waited.has(one.id));
  waited = new Set(waiting.map((one) => one.id));
  const isHeard = heard();
  const isWaiting = waiting.some((one) => !isHeard.includes(one.id));
  const isStill = standing.some((id) => !isHeard.includes(id));
  sound(isWaiting || isStill || severe || isSignedOut || isCutOff, isNew || isStill);
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = waiting.length ? `(${waiting.length}) ${title}` : title;
  call(waiting);
}

// A case that nobody can go on with, nor acknowledge, sounds until it is heard: it may stand
// so for days, and must not drown those that come. Once it moves again that is forgotten.
function heard() {
  return JSON.parse(sessionStorage.getItem(HEARD) ?? "[]");
}

function keepHeard(ids) {
  sessionStorage.setItem(HEARD, JSON.stringify(ids));
}

document.addEventListener("hushed", () => {
  keepHeard(standing);
  alarm();
});

// As in the list: exercises and strangers below, the longest wait first.
function order(one, other) {
  const lesser = (each) => 2 * (each.kind !== "real") + each.stranger;
  return lesser(one) - lesser(other) || one.raised_ms - other.raised_ms;
}

function call(waiting) {
  waiting.sort(order);
  const ids = waiting.map((one) => one.id).join(" ");
  if (shout.dataset.ids === ids) return;
  shout.dataset.ids = ids;
  const verb = waiting.length === 1 ? "alarm waits" : "alarms wait";
  const words = waiting.length ? [`${waiting.length} ${verb} for HQ: `] : [];
  for (const one of waiting.slice(0, NAMED_MAX)) {
    const link = document.createElement("a");
    link.href = `/alarms/${one.id}`;
    link.textContent = one.alias;
    words.push(...(words.length > 1 ? [", "] : []), link);
  }
  const more = waiting.length - NAMED_MAX;
  if (more > 0) words.push(` and ${more} more`);
  shout.replaceChildren(...words);
}

function state(data) {
  setServerTime(data.now_ms);
  oldSince = data.is_behind ? oldSince ?? instant() : null;
  if (oldSince) isCut(OLD);
  isLive();
  const wrong = Object.entries(data.degraded)
    .filter(([reason]) => reason !== "nobody_watching")
    .map(([reason, parts]) => `${reason.replaceAll("_", " ")}: ${parts.join(", ")}`);
  const lost = data.unrecorded.map((line) => `${line.at.slice(11, 19)} UTC ${line.text}`);
  severe = lost.length > 0 || "all_channels_down" in data.degraded;
  const stood = String([standing, routes]);
  standing = data.degraded.alarm_standing_still ?? [];
  routes = [data.degraded.modem_down ?? [], data.degraded.channel_down ?? []];
  keepHeard(heard().filter((id) => standing.includes(id)));
  const isUrgent = severe || standing.length > 0;
  trouble.setAttribute("role", isUrgent ? "alert" : "status");
  trouble.classList.toggle("severe", isUrgent);
  put(trouble, [...lost, ...wrong].join("\n"));
  alarm();
  // No row tells of a case that cannot be read any more, nor why a message waits.
  if (String([standing, routes]) !== stood) missed();
  if (!isLearned) learn().catch(() => {});
}

// ---- the page follows

function patched(asked = instant()) {
  const open = document.getElementById("case");
  const left = Number(open?.dataset.revealedForS ?? 0);
  revealed = left ? { since: asked, forMs: left * 1000 } : null;
  // The answer may be of before the end of the session.
  if (isSignedOut) conceal();
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
  clearTimeout(again);
  again = setTimeout(follow, AGAIN_MS);
}

function tick() {
  tellTimes();
  const silent = silentMs();
  if (isStale() && !isSignedOut) isCut(`NOT LIVE for ${Math.round(silent / 1000)} s: what you see may be old`);
  look();
  if (silent > CUT_SOUNDS_MS) alarm();
  const left = document.getElementById("revealed-left");
  if (!left || !revealed) return;
  const leftMs = revealed.forMs - msSince(revealed.since);
  put(left, leftInWords(leftMs / 1000));
  if (leftMs < 0) {
    conceal();
    follow();
  }
}

// What was shown leaves the page even where the engine is away, or somebody else comes.
function conceal() {
  if (revealed) hide(["place", "people", "timeline"]);
  revealed = null;
}

async function learn() {
  isLearned = false;
  // Asked twice at once, the older answer may come last: each has its own newer rows.
  const fresh = new Map();
  learning.add(fresh);
  try {
    await learnWith(fresh);
  } finally {
    learning.delete(fresh);
  }
}

async function learnWith(fresh) {
  const answer = await fetch("/api/alarms", { signal: AbortSignal.timeout(READ_MS) });
  if (answer.status === 401) return signedOut();
  // What is known stays, and sounds, until there is something better: asked again soon.
  if (!answer.ok) return;
  const all = await answer.json();
  cases.clear();
  // What a row has said meanwhile is newer.
  for (const one of [...all, ...fresh.values()]) cases.set(one.id, one);
  isLearned = true;
  alarm();
}

// ---- rows as they come

function take({ id, alarm: one, position }) {
  if (!one || position < (positions.get(id) ?? 0)) return;
  positions.set(id, position);
  cases.set(id, one);
  for (const fresh of learning) fresh.set(id, one);
  alarm();
  const open = document.getElementById("case");
  if (!open || open.dataset.id === id) follow();
}

async function ask() {
  await learn().catch(() => {});
}

async function missed() {
  await ask();
  follow();
}

async function reset() {
  positions.clear();
  await missed();
  reopen();
}

function cutOff() {
  if (!isSignedOut) isCut("NOT LIVE: the engine does not answer; trying again every second");
}

function begin(position) {
  listen(position, { state, case: take, reset, "signed-out": signedOut, cut: cutOff, ask, missed });
}

takeActs(follow);
setInterval(tick, 500);
document.addEventListener("visibilitychange", tick);
patched();
// First what is, then what comes: the stream goes on from the page's own position.
await learn().catch(() => {});
if (!isSignedOut) begin(Number(document.body.dataset.position));
