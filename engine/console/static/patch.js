// The page is read anew and patched: what somebody writes, and where they are, stays.

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

function patchActs(page) {
  for (const form of document.querySelectorAll("#acts form[data-act]")) {
    const fresh = page.querySelector(`#acts form[data-act="${form.dataset.act}"]`);
    if (!fresh) continue;
    const old = form.querySelector("fieldset");
    // Nobody loses the field they are writing in: it is the engine that refuses.
    const writing = old.contains(document.activeElement) && document.activeElement.matches("input, select");
    if (!writing) old.disabled = fresh.querySelector("fieldset").disabled;
    if (!writing) form.hidden = fresh.hidden;
    form.querySelector(".why").textContent = fresh.querySelector(".why").textContent;
  }
}

export function hide(ids) {
  for (const id of ids) {
    seen.delete(id);
    document.getElementById(id).replaceChildren("Hidden again.");
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
      const answer = await fetch(location.pathname, {
        headers: { accept: "text/html" },
        signal: AbortSignal.timeout(READ_MS),
      });
      if (new URL(answer.url).pathname === "/sign-in") {
        onSignedOut();
        return true;
      }
      if (!answer.ok) return false;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      await released();
      const theirs = page.getElementById("case");
      const ours = document.getElementById("case");
      if (theirs && ours) ours.dataset.revealedForS = theirs.dataset.revealedForS;
      patchParts(page);
      patchActs(page);
      onPatched();
    } while (again);
    return true;
  } catch {
    return false;
  } finally {
    reading = false;
  }
}
