// The door of a session: one gesture a rider. Scanned, typed or tapped; with a network the server judges, without one the
// tap is kept and judged later, at the time it was made.
import { openPhone, seen } from "./offline/phone.js";
import { dismiss, isShown, mainKey, show } from "./door/answer.js";
import { ARRIVAL, keepTap, learnLists, newNonce, tapsOf } from "./door/away.js";
import * as clock from "./door/clock.js";
import { flash, isCode, meant, narrow, put, rowOf, rowsOf } from "./door/list.js";
import { live } from "./door/live.js";
import { play } from "./door/sound.js";
import { todayPage } from "./door/today.js";
import { advice } from "./parts/tell.js";

const root = document.querySelector("[data-door]");
const say = (name) => root.dataset[`word${name}`];
const field = () => document.querySelector("#find input[name=words], [data-find-field]");
const csrf = () => document.querySelector('meta[name="csrf-token"]')?.content;
const nameOf = (row) => row?.querySelector("th")?.textContent.trim() ?? "";
const PATIENCE_MS = Number(root?.dataset.patience);

let phone = null;
let today = null;
let look = () => {};

const session = () => root.dataset.session ?? today?.session() ?? "";
const shows = (told, more = {}) => show(told, { lastFour: say("LastFour"), close: say("Close"), ...more });

function clear() {
  const text = field();
  if (text) text.value = "";
  narrow("");
}

// what this device keeps: the line says so until the server has taken it
async function mark() {
  if (!phone?.box) return;
  const taps = await tapsOf(phone.box);
  rowsOf().forEach((row) => {
    const state = taps.get(`${session()} ${row.dataset.task}`);
    row.classList.toggle("is-kept", state === "waiting");
    row.dataset.said = state === "waiting" ? say("Kept") : "";
  });
}

async function keep(text, { identified = false, nonce } = {}) {
  const row = meant(text).length === 1 && !isCode(text) ? meant(text)[0] : rowsOf().find(({ dataset }) => dataset.find.includes(`|${(/[vt][0-9a-z]{11}/i.exec(text)?.[0] ?? "-").toLowerCase()}|`));
  if (!phone.box || (!row && !isCode(text))) {
    shows({ tone: "problem", word: say("Failed"), message: say("FailedText") });
    return;
  }
  const label = nameOf(row) || text.slice(-12);
  await keepTap(phone.box, { session: session(), text: row?.dataset.task ?? text, label, identified, nonce });
  clear();
  shows({ tone: "open", word: say("Kept"), name: nameOf(row), message: say("KeptText") });
  await phone.show();
  await today?.draw();
  await mark();
  phone.send();
}

// words that were refused can be mended; a code is scanned again. The next one may be on its way already.
function giveBack(text) {
  if (!field() || field().value || isCode(text) || rowOf(text)) return;
  field().value = text;
  field().select();
}

function answered(told, text, nonce) {
  const keys = [];
  if (told.outcome === "confirm") keys.push({ label: say("Confirm"), main: true, act: () => arrive(told.task || text, { identified: true, nonce: newNonce() }) });
  if (told.move) keys.push({ label: say("Move"), act: () => arrive(told.task || text, { move: true, nonce: newNonce() }) });
  (told.several ?? []).forEach(({ task, name, last_four: four }) => keys.push({ label: `${name} ${four}`, act: () => arrive(task) }));
  const links = told.tone === "problem" && told.address ? [{ label: say("Open"), address: told.address }] : [];
  const row = told.html ? put(told.html) : told.task ? rowOf(told.task) : null;
  if (told.tone === "problem") giveBack(text);
  shows(told, { keys, links });
  flash(row);
  row?.scrollIntoView({ block: "nearest" });
  look();
}

async function arrive(text, { identified = false, move = false, nonce = newNonce() } = {}) {
  if (!navigator.onLine || !root.dataset.arrivals) return keep(text, { identified, nonce });
  const body = new URLSearchParams({ words: text, nonce, identified: identified ? "1" : "", move: move ? "1" : "" });
  const headers = { Accept: "application/json", "X-CSRFToken": csrf() };
  let answer;
  try {
    const asked = Date.now();
    answer = await fetch(root.dataset.arrivals, { method: "POST", body, headers, redirect: "manual", signal: AbortSignal.timeout?.(PATIENCE_MS) });
    clock.learn(answer, phone?.box, asked);
    if (answer.status >= 500) throw new Error(String(answer.status));
  } catch {
    return keep(text, { identified, nonce });
  }
  const told = await answer.json().catch(() => ({}));
  if (told.outcome) return answered(told, text, nonce);
  giveBack(text);
  return shows({ tone: "problem", word: say("Refused"), message: told.message || advice(answer.status) });
}

// Enter: a code, the one line that is left, or somebody who is not on the list
function enter(text) {
  if (!text.trim()) return;
  const fits = isCode(text) ? [] : meant(text);
  if (fits.length > 1) return shows({ tone: "open", word: say("Several"), message: say("SeveralText") });
  clear(); // at once: a scanner does not wait for answers
  return arrive(fits.length === 1 ? fits[0].dataset.task : text);
}

// a scanner types like a person, wherever the page is looked at
function typing() {
  document.addEventListener("keydown", (event) => {
    const text = field();
    if (event.key === "Escape") {
      if (isShown()) dismiss();
      else if (text?.value) clear();
      return;
    }
    if (event.key === "Enter" && isShown() && !text?.value.trim()) {
      event.preventDefault();
      (mainKey() ?? { click: dismiss }).click();
      return;
    }
    const elsewhere = event.target.closest?.("input, select, textarea, dialog, [contenteditable]");
    if (text && event.key.length === 1 && !elsewhere && !event.ctrlKey && !event.metaKey && !event.altKey) text.focus({ preventScroll: true });
  });
  document.addEventListener("input", ({ target }) => target === field() && narrow(target.value));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target !== field() || event.isComposing || !event.target.value.trim()) return;
    event.preventDefault();
    enter(event.target.value);
  });
  document.addEventListener(
    "submit",
    (event) => {
      if (event.target.id !== "find") return;
      event.preventDefault();
      event.stopPropagation();
      enter(field().value);
    },
    true,
  );
  document.addEventListener("list-drawn", () => {
    narrow(field()?.value ?? "");
    mark();
  });
}

// a tap on a line: sent by the page's own script (short-forms), kept here where there is no network
function tapping() {
  const textOf = (form) => form.closest("[data-task]").dataset.task;
  const isCheckIn = (form) => form.matches?.("[data-tap]") && form.action.endsWith("/check-in");
  const keepForm = (form) => keep(textOf(form), { identified: form.elements.namedItem("identified")?.value === "1", nonce: form.elements.namedItem("nonce").value });
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (!form.matches?.("[data-tap]")) return;
      form.elements.namedItem("nonce").value ||= newNonce();
      if (navigator.onLine || !isCheckIn(form)) return;
      event.preventDefault();
      event.stopPropagation();
      keepForm(form);
    },
    true,
  );
  document.addEventListener("unsent", (event) => {
    if (!isCheckIn(event.target) || !phone?.box) return;
    event.preventDefault();
    keepForm(event.target);
  });
  document.addEventListener("answered", ({ target, detail }) => {
    if (detail.outcome || detail.word) window.setTimeout(() => shows(detail)); // the line comes first
    if (detail.word && !detail.outcome) look();
    if (!target.matches?.("[data-tap]") || !detail.html) return;
    if (!detail.outcome) play("done");
    const task = textOf(target);
    window.setTimeout(() => flash(rowOf(task)));
    if (field()?.value) clear();
    look();
  });
}

function scanning() {
  document.querySelectorAll("button[data-scan]").forEach((button) => (button.hidden = false));
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest?.("button[data-scan]");
    if (!button) return;
    try {
      const { scan } = await import(button.dataset.scan);
      await scan(button.dataset, ({ text }) => arrive(text), { read: (text) => ({ text }), stays: true });
    } catch {
      document.querySelector("[data-scan-said]").textContent = button.dataset.wordUnable;
    }
  });
}

async function begin() {
  const kept = root.dataset.kept === "yes";
  typing();
  tapping();
  scanning();
  const toList = (row, content) => window.location.assign(`${seen().dataset.scope.replace(/\/$/, "")}/sessions/${content.fields[0][1]}/check-in#${content.fields[1][1]}`);
  phone = await openPhone({ kept, what: ARRIVAL, mend: toList });
  const { box } = phone;
  if (root.dataset.live) look = live(root, (answer, asked) => (answer ? clock.learn(answer, box, asked) : mark()));
  const unable = document.querySelector("[data-unable]");
  if (unable) unable.hidden = box !== null;
  if (box) {
    await clock.remember(box);
    if ("today" in root.dataset) today = await todayPage({ box, factsUrl: seen().dataset.factsUrl, kept, tap: (study, rider) => keep(rider.task, { identified: "asks" in root.dataset }) });
    else learnLists(box, seen().dataset.factsUrl).catch(() => {});
    await phone.show();
    await mark();
    phone.start();
  }
  if (window.matchMedia("(pointer: fine)").matches) field()?.focus({ preventScroll: true });
  root.dataset.ready = "yes";
}

if (root && seen()) begin();
