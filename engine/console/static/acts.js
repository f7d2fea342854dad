// Acts: one click, one id; asked twice where it cannot be taken back.

const SURE_MS = 6_000;
const DOUBLE_CLICK_MS = 500;
// Above what the engine takes to say that nobody answers.
const ANSWER_MS = 15_000;
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

function isSure(form, button) {
  if (!form.dataset.sure) return true;
  const asked = Number(form.dataset.askedAt ?? 0);
  const since = performance.now() - asked;
  if (asked && since < DOUBLE_CLICK_MS) return false;
  if (asked && since < SURE_MS) {
    calm(form, button);
    return true;
  }
  form.dataset.askedAt = performance.now();
  button.dataset.words = button.textContent;
  button.textContent = `${form.dataset.sure}?`;
  button.classList.add("sure");
  say("Press again to do it.", false);
  setTimeout(() => calm(form, button), SURE_MS);
  return false;
}

function calm(form, button) {
  if (!form.dataset.askedAt) return;
  delete form.dataset.askedAt;
  button.classList.remove("sure");
  button.textContent = button.dataset.words;
}

async function send(form, button, done) {
  const fields = new URLSearchParams(new FormData(form, button));
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
      form.reset();
    } else {
      say(`Not done: ${said.refused ?? said.error}.`, true);
    }
    // Answered, so the next click is another one; unanswered, it is the same again.
    form.elements.id.value = newId();
    done();
  } catch {
    say("No answer from the engine. Press again: it is done once however often you press.", true);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

export function takeActs(done) {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset?.act) return;
    event.preventDefault();
    const button = event.submitter ?? form.querySelector("button");
    if (button.getAttribute("aria-busy") || !isSure(form, button)) return;
    send(form, button, done);
  });
}
