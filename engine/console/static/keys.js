// Keys; a single key acts only where nobody is writing, and can be turned off.

import { hush } from "./sound.js";

const dialog = document.getElementById("keys");
const on = document.getElementById("keys-on");

function step(by) {
  const links = [...document.querySelectorAll(".cases tbody a")];
  const at = links.indexOf(document.activeElement);
  const next = at < 0 ? 0 : Math.min(Math.max(at + by, 0), links.length - 1);
  links[next]?.focus();
}

function acknowledge() {
  const row = document.activeElement.closest("tr[data-id]");
  const button = row?.querySelector("form[data-act] button") ?? document.getElementById("do-acknowledge");
  button?.click();
}

// While a close waits for somebody its fields take no focus: what it waits for does.
function close() {
  const reason = document.getElementById("reason");
  const field = reason?.matches(":disabled") ? document.getElementById("why-close") : reason;
  field?.focus();
}

const ACTIONS = {
  j: () => step(1),
  k: () => step(-1),
  a: acknowledge,
  v: () => document.getElementById("do-verify")?.focus(),
  n: () => document.getElementById("note")?.focus(),
  c: close,
  s: hush,
  u: () => document.getElementById("up")?.click(),
  "?": () => dialog.showModal(),
};

// By its place where the keyboard writes another alphabet.
function letterOf(event) {
  const isOther = event.key.length === 1 && event.key > "\u007f";
  const place = /^Key([A-Z])$/.exec(event.code);
  return isOther && place ? place[1].toLowerCase() : event.key;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (dialog.open || event.target.matches("input, select, textarea")) return;
  const key = letterOf(event);
  if (!on.checked && key !== "?") return;
  const action = ACTIONS[key];
  if (!action) return;
  event.preventDefault();
  action();
});

document.getElementById("help").addEventListener("click", () => dialog.showModal());
on.checked = localStorage.getItem("single-keys") !== "off";
on.addEventListener("change", () => localStorage.setItem("single-keys", on.checked ? "on" : "off"));
