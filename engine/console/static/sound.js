// The sound: goes on until nothing waits for HQ; silence never lasts above two minutes.

import { instant, msSince } from "./clock.js";

const SILENCE_MS = 120_000;
const EVERY_MS = 1_500;
const TESTED = "sound-tested";
const button = document.getElementById("sound");
const silence = document.getElementById("silence");
const mute = document.getElementById("mute");
let audio = null;
let wanted = false;
let hushed = null;

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
  if (audio?.state !== "running") return;
  tone(880, audio.currentTime, 0.25);
  tone(660, audio.currentTime + 0.3, 0.25);
}

function silenceLeftMs() {
  return hushed ? SILENCE_MS - msSince(hushed) : 0;
}

function isSilenced() {
  return silenceLeftMs() > 0;
}

function tick() {
  const rings = wanted && !isSilenced();
  document.body.dataset.sounding = wanted ? (rings ? "yes" : "silenced") : "no";
  silence.hidden = !wanted;
  const left = Math.ceil(silenceLeftMs() / 1000);
  const text = isSilenced() ? `Silent for ${left} s more` : "Silence for 2 minutes";
  if (silence.textContent !== text) silence.textContent = text;
  // Browsers keep a page silent until somebody has pressed something on it.
  const deaf = audio?.state !== "running";
  document.body.dataset.deaf = deaf ? "yes" : "no";
  const warning = deaf && (wanted || isTested()) ? "NO SOUND on this page: press a key, or anywhere on it" : "";
  if (mute.textContent !== warning) mute.textContent = warning;
  if (rings) ring();
}

function isTested() {
  return sessionStorage.getItem(TESTED) === "yes";
}

function tested() {
  button.setAttribute("aria-pressed", "true");
  button.textContent = "Sound is on. Test it again";
}

// Each page has a sound of its own: whoever goes from the list to a case must not lose
// it. Where the browser does not let it begin by itself, any press on the page does.
function wake() {
  if (audio?.state === "running") return;
  audio ??= new AudioContext();
  audio.onstatechange = tick;
  audio.resume().catch(() => {});
}

export function sound(isWanted, isNew) {
  if (isWanted && !wanted) hushed = null;
  // Silence is of what was heard: what begins to wait meanwhile rings once.
  if (isWanted && isNew && isSilenced()) ring();
  const changed = isWanted !== wanted;
  wanted = isWanted;
  if (changed) tick();
}

export function hush() {
  if (wanted) hushed = instant();
  tick();
  document.dispatchEvent(new Event("hushed"));
}

async function begin() {
  wake();
  await audio.resume();
  ring();
  sessionStorage.setItem(TESTED, "yes");
  tested();
  document.getElementById("outcome").textContent = "That was the sound of an alarm. If you did not hear it, look at the loudspeaker now.";
}

button.addEventListener("click", begin);
silence.addEventListener("click", hush);
for (const press of ["pointerdown", "pointerup", "keydown"]) addEventListener(press, wake, true);
if (isTested()) {
  tested();
  wake();
}
setInterval(tick, EVERY_MS);
tick();
