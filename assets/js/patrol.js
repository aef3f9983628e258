// The page of who is on patrol. With a network the patrol runs on the server; without one it is begun, counted and ended
// on the phone, or one that the server knows goes on there, and it is sent as a whole once it has ended.
import { formPage, isKept, recording } from "./offline/form-page.js";
import { seen } from "./offline/phone.js";
import { PATROL, SENT } from "./offline/queue.js";
import { open as askFirst } from "./parts/confirm.js";
import { fieldsOf, newReference, valueOf } from "./parts/kept-form.js";
import { simplePage } from "./parts/simple-form.js";
import { tell } from "./parts/tell.js";

const RUNNING = "running";
const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "short" });
const minute = (iso) => clock.format(new Date(iso)).replace(" ", "T");
const part = (name) => document.querySelector(`[data-patrol-${name}]`);
const say = (name) => recording().dataset[`word${name[0].toUpperCase()}${name.slice(1)}`];
const page = simplePage("patrol");
const bare = (area) => area.replace(/\s+\d+$/, ""); // without its code
const begin = () => document.querySelector("form#begin");

let box = null;
let patrol = null; // on this phone: {reference, area, started, known: the server has it, seen: its stops there, stops, log}
let ending = false;
let saving = Promise.resolve();

function draw() {
  const screen = ending ? "end" : patrol ? "count" : "online";
  document.querySelectorAll("[data-patrol-screen]").forEach((one) => (one.hidden = one.dataset.patrolScreen !== screen));
  const own = patrol?.reference === valueOf(page.form(), "client_reference"); // else one that is put right
  part("discard").hidden = !own || patrol.known;
  part("back").textContent = own ? part("back").dataset.own : part("back").dataset.other;
  if (!patrol) return;
  part("area").textContent = bare(patrol.area);
  part("started").textContent = minute(patrol.started).replace("T", " ");
  show(patrol.stops);
}

function show(stops) {
  part("stops").textContent = stops ?? 0;
  part("undo").disabled = !stops;
}

async function write() {
  const { stops } = patrol;
  try {
    await box.know(PATROL, patrol);
  } catch (error) {
    tell(recording(), say("full"));
    throw error;
  }
  show(stops); // what is shown is on the disk
}

// one after the other: each piece is sealed first, and the last one has to be the last to be written
function save() {
  saving = saving.catch(() => {}).then(write);
  return saving;
}

async function start() {
  const reference = isKept() ? newReference() : valueOf(begin(), "client_reference");
  patrol = { reference, area: valueOf(begin(), "area_code"), started: new Date().toISOString(), known: false, seen: null, stops: null, log: [] };
  begin().elements.namedItem("client_reference").value = newReference();
  await save();
  draw();
}

async function count(step) {
  if (step < 0 && !patrol.stops) return;
  patrol.stops = (patrol.stops ?? 0) + step;
  patrol.log.push([new Date().toISOString(), step]);
  await save();
  navigator.vibrate?.(20);
}

function set(values) {
  Object.entries(values).forEach(([name, value]) => (page.form().elements.namedItem(name).value = value ?? ""));
}

function end() {
  const { reference, area, started, known, seen: counted, stops } = patrol;
  const ended = new Date().toISOString();
  page.form().reset();
  delete page.form().dataset.mends; // what was being put right is still in the list
  delete page.form().dataset.recordedAt;
  set({ client_reference: reference, seen_stops: counted, phone_started_at: known ? "" : started, phone_ended_at: ended });
  set({ "past-area_code": area, "past-started_at": minute(started), "past-ended_at": minute(ended), "past-stops": stops });
  ending = true;
  draw();
}

// a moment that somebody typed stands; of one that is as the phone filled it in, the phone's own is sent. Whoever puts a
// patrol right has been told what the server counted.
function contentOf(form) {
  const own = (name) => valueOf(form, `phone_${name}`) && minute(valueOf(form, `phone_${name}`)) === valueOf(form, `past-${name}`);
  const left = ["started_at", "ended_at"].filter((name) => !own(name)).map((name) => `phone_${name}`);
  if (form.dataset.mends) left.push("seen_stops");
  const fields = fieldsOf(form).filter(([name]) => !left.includes(name));
  return { fields, recorded_at: valueOf(form, "phone_ended_at") || new Date().toISOString(), label: `${say("patrol")} · ${bare(valueOf(form, "past-area_code"))}` };
}

async function forget() {
  patrol = null;
  ending = false;
  await box.know(PATROL, null);
  await box.know(RUNNING, null);
  draw();
}

// another one that was put right may have been kept meanwhile
async function kept(reference) {
  if (patrol?.reference === reference) return forget();
  ending = false;
  return draw();
}

// the patrol of this phone, or on the kept page the one that the server was last seen to know
async function help(opened) {
  box = opened;
  if (!box) return;
  patrol = (await box.known(PATROL))?.value ?? null;
  if (!patrol && isKept()) {
    const known = (await box.known(RUNNING))?.value ?? null;
    patrol = known && !(await rowOf(known)) ? known : null; // else it has ended on this phone
  }
  draw();
}

const running = () => JSON.parse(recording().dataset.running);
const rowOf = async ({ reference }) => (await box.records()).find(({ key }) => key === reference);

// the page was drawn while the patrol ran that this phone has ended since
async function drawAnew() {
  const row = box && running() && (await rowOf(running()));
  if (row?.state === SENT) window.location.reload();
}

// what the server knows goes on here, from the first tap without a network
function goOn(event) {
  if (event.target === begin()) {
    if (!isKept() && navigator.onLine) return;
    event.preventDefault();
    event.stopPropagation();
    const fault = valueOf(begin(), "area_code") ? "" : say("needArea");
    if (!box || fault) tell(begin(), fault || say("unable"));
    else start().catch(() => {});
    return;
  }
  const { patrolTap: step } = event.target.dataset;
  if (!step || navigator.onLine || !box || !running()) return;
  event.preventDefault();
  event.stopPropagation();
  patrol = running();
  draw();
  count(Number(step)).catch(() => {});
}

function listen() {
  document.addEventListener("submit", goOn, true);
  document.addEventListener("unsent", (event) => {
    if (event.target !== begin() || !box) return;
    event.preventDefault();
    start().catch(() => {});
  });
  document.addEventListener("queue-changed", () => drawAnew().catch(() => {}));
  part("stop").addEventListener("click", () => count(1).catch(() => {}));
  part("undo").addEventListener("click", () => count(-1).catch(() => {}));
  part("finish").addEventListener("click", end);
  part("back").addEventListener("click", () => {
    ending = false;
    draw();
  });
  part("discard").addEventListener("click", () => askFirst(say("discardAsked"), say("discard"), forget));
}

if (seen() && recording()) {
  listen();
  formPage({
    ...page,
    contentOf,
    keeps: [],
    always: true,
    learn: (opened) => Promise.all([opened.know(RUNNING, running()), page.learn(opened)]).then(() => {}),
    help,
    shows: () => {
      ending = true;
      draw();
    },
    kept,
  });
}
