// The page is read anew and patched: what somebody writes, and where they are, stays.

import { instant } from "./clock.js";

// What each part last read as; kept here, so that nothing revealed stays in the page.
const seen = new Map();
let reading = false;
let again = false;
const READ_MS = 10_000;

// What is replaced between press and release gets no click: an update waits for the
// release, a second at most, and for the click that comes right behind it.
const HELD_MS = 1000;
let pressed = 0;
const waiting = [];

function release(press) {
  if (press !== pressed) return;
  pressed = 0;
  for (const go of waiting.splice(0)) go();
}

function releaseSoon() {
  const press = pressed;
  setTimeout(() => release(press));
}

addEventListener("pointerdown", (event) => {
  pressed = event.timeStamp || 1;
  const press = pressed;
  setTimeout(() => release(press), HELD_MS);
}, true);
addEventListener("pointerup", releaseSoon, true);
addEventListener("pointercancel", releaseSoon, true);

function released() {
  return pressed ? new Promise((go) => { waiting.push(go); }) : undefined;
}

// A second click of two, or one that was on its way, is not of the button that an
// update has put there in between.
const MOVED_MS = 600;
// A press that was made before an update may be handled as late as this behind it.
const KEPT_MS = 5000;
let before = [];

function remember() {
  const at = performance.now();
  const buttons = [...document.querySelectorAll("form[data-act] button")];
  const places = buttons.map((button) => ({ id: button.id, box: button.getBoundingClientRect() }));
  before = before.filter((earlier) => at - earlier.at < KEPT_MS);
  before.push({ at, places, scrolled: scrollY });
}

export function wasAnother(button, { clientX: x, clientY: y }, made) {
  // Whoever has scrolled since has looked since.
  const recent = before.filter(({ at, scrolled }) => made - at < MOVED_MS && scrolled === scrollY);
  return recent.some(({ places }) => places.some(({ id, box }) =>
    id !== button.id && x >= box.left && x < box.right && y >= box.top && y < box.bottom));
}

function keep(fresh) {
  // A frame that somebody has opened stays open.
  for (const shown of document.querySelectorAll("details[open][id]")) {
    const same = fresh.querySelector(`#${CSS.escape(shown.id)}`);
    if (same) same.open = true;
  }
}

function patchParts(page) {
  for (const old of document.querySelectorAll("[data-patch]")) {
    const fresh = page.getElementById(old.id);
    if (!fresh || fresh.innerHTML === seen.get(old.id)) continue;
    const text = fresh.innerHTML;
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    keep(fresh);
    old.className = fresh.className;
    old.replaceChildren(...fresh.childNodes);
    seen.set(old.id, text);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }
}

// What can be said of a case that has ended, and what comes of it, is not what it is of
// an open one.
function patchFields(form, fresh) {
  for (const old of form.querySelectorAll("button[id], input[id]")) {
    const now = fresh.querySelector(`#${CSS.escape(old.id)}`);
    if (!now) continue;
    old.hidden = now.hidden;
    old.toggleAttribute("required", now.hasAttribute("required"));
    if (now.dataset.done) old.dataset.done = now.dataset.done;
  }
}

function patchActs(page) {
  for (const form of document.querySelectorAll("#acts form[data-act]")) {
    const fresh = page.querySelector(`#acts form[data-act="${form.dataset.act}"]`);
    if (!fresh) continue;
    const old = form.querySelector("fieldset");
    // Nobody loses the field they are writing in: it is the engine that refuses.
    const writing = old.contains(document.activeElement) && document.activeElement.matches("input, select");
    if (!writing) old.disabled = fresh.querySelector("fieldset").disabled;
    if (!writing) form.hidden = fresh.hidden;
    // What is shown from now on is what whoever acts has before them.
    const presses = form.elements.presses;
    if (presses) presses.value = fresh.elements.presses.value;
    patchFields(form, fresh);
    form.querySelector(".why").textContent = fresh.querySelector(".why").textContent;
  }
}

export function hide(ids) {
  for (const id of ids) {
    seen.delete(id);
    document.getElementById(id).replaceChildren("Hidden again.");
  }
}

async function ask() {
  return fetch(location.pathname, {
    headers: { accept: "text/html" },
    signal: AbortSignal.timeout(READ_MS),
  });
}

async function parsed(answer) {
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// The page as whoever is signed in would see it; nothing where nobody is, or answers.
export async function readAnew() {
  try {
    const answer = await ask();
    return answer.ok ? await parsed(answer) : undefined;
  } catch {
    return undefined;
  }
}

// Says whether the page is now as the engine has it; nothing while another one reads.
export async function refresh(onSignedOut, onPatched) {
  if (reading) {
    again = true;
    return undefined;
  }
  reading = true;
  try {
    do {
      again = false;
      // What the answer says of times counts from here: a computer may sleep on its way.
      const asked = instant();
      const answer = await ask();
      if (new URL(answer.url).pathname === "/sign-in") {
        onSignedOut();
        return true;
      }
      if (!answer.ok) return false;
      const page = await parsed(answer);
      await released();
      const theirs = page.getElementById("case");
      const ours = document.getElementById("case");
      remember();
      if (theirs && ours) ours.dataset.revealedForS = theirs.dataset.revealedForS;
      patchParts(page);
      patchActs(page);
      onPatched(asked);
    } while (again);
    return true;
  } catch {
    return false;
  } finally {
    reading = false;
  }
}
