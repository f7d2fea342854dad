// Acts: one click, one id; asked twice where it cannot be taken back.

import { madeAt } from "./clock.js";
import { wasAnother } from "./patch.js";

const SURE_MS = 6_000;
const DOUBLE_CLICK_MS = 500;
// Above what the engine takes to say that nobody answers.
const ANSWER_MS = 15_000;
// What a form said when nobody answered: the same again is the same act.
const unanswered = new WeakMap();
const outcome = document.getElementById("outcome");

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function say(text, isBad) {
  outcome.className = `bar outcome${isBad ? " bad" : ""}`;
  outcome.setAttribute("role", isBad ? "alert" : "status");
  outcome.textContent = text;
}

// A page that is busy gets round to a press late: what counts is when it was made.
function isSure(form, button, made) {
  if (!form.dataset.sure) return true;
  const asked = Number(form.dataset.askedAt ?? 0);
  const since = made - asked;
  const presses = form.elements.presses?.value ?? "";
  const isNews = asked > 0 && form.dataset.askedOf !== presses;
  if (asked && since < DOUBLE_CLICK_MS) {
    // However many come in one go: whoever answers has paused.
    wait(form, button);
    return false;
  }
  calm(form, button);
  if (asked && since < SURE_MS && !isNews) return true;
  form.dataset.askedOf = presses;
  wait(form, button);
  button.dataset.words = button.textContent;
  button.textContent = `${form.dataset.sure}?`;
  button.classList.add("sure");
  const again = "They have pressed again meanwhile. Look at it, then press once more.";
  say(isNews ? again : "Press again to do it.", isNews);
  return false;
}

function wait(form, button) {
  const asked = String(performance.now());
  form.dataset.askedAt = asked;
  setTimeout(() => {
    if (form.dataset.askedAt === asked) calm(form, button);
  }, SURE_MS);
}

function calm(form, button) {
  if (!form.dataset.askedAt) return;
  delete form.dataset.askedAt;
  button.classList.remove("sure");
  button.textContent = button.dataset.words;
}

function fieldsOf(form, button) {
  const said = new URLSearchParams(new FormData(form, button));
  said.delete("id");
  const earlier = unanswered.get(form);
  // What was mended meanwhile is another act: as the same it would not be kept.
  if (earlier !== undefined && earlier !== String(said)) form.elements.id.value = newId();
  unanswered.set(form, String(said));
  said.set("id", form.elements.id.value);
  return said;
}

function writtenIn(form) {
  const fields = form.querySelectorAll("input:not([type=hidden]), select");
  return JSON.stringify([...fields].map((field) => field.value));
}

async function send(form, button, done) {
  const fields = fieldsOf(form, button);
  const written = writtenIn(form);
  button.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: fields,
      headers: { accept: "application/json" },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const said = await answer.json();
    if (answer.status === 401) {
      say("Not done: you are signed out. Sign in again, then repeat.", true);
      return;
    }
    if (said.done) {
      say(button.dataset.done ?? "Done.", false);
      // What somebody has begun to write meanwhile is of their next act.
      if (writtenIn(form) === written) form.reset();
    } else {
      say(`Not done: ${said.refused ?? said.error}.`, true);
    }
    // Answered, so the next click is another one; unanswered, it is the same again.
    unanswered.delete(form);
    form.elements.id.value = newId();
    done();
  } catch {
    say("No answer from the engine. Press again: it is done once however often you press.", true);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

export function takeActs(done) {
  let click = null;
  document.addEventListener("click", (event) => {
    click = { at: event, made: madeAt(event) };
  }, true);
  document.addEventListener("keydown", (event) => {
    // A key that is held down repeats itself; that is no second answer.
    if (event.repeat && event.key === "Enter" && event.target.closest("form")) event.preventDefault();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset?.act) return;
    event.preventDefault();
    const button = event.submitter ?? form.querySelector("button");
    if (button.getAttribute("aria-busy")) return;
    const { at, made } = click ?? { made: performance.now() };
    click = null;
    // A key has no place: it acts on what has the focus.
    if (at?.detail && wasAnother(button, at, made)) {
      say("Not done: the page moved just then. Look, then press again.", true);
      return;
    }
    if (!isSure(form, button, made)) return;
    send(form, button, done);
  });
}
