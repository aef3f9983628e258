// A page with a form that is filled in without a network too: kept, shown again where it was refused, sent later. The
// page says what is its own (`own`, see formPage); one form a page.
import { forgetPhotos, photos, takeBack, takenPhotos } from "../parts/photos.js";
import { beginAnew, beginLike, lastOf, newReference, showAgain, showFaults, valueOf } from "../parts/kept-form.js";
import { tell } from "../parts/tell.js";
import { openPhone } from "./phone.js";
import { RECORD } from "./queue.js";

const LEAST_BYTES = 20e6;

export const recording = () => document.querySelector("[data-recording]");
export const isKept = () => recording()?.dataset.kept === "yes";

let own = null;
let phone = null;
let keeping = false;

const memory = () => (own.what === RECORD ? "last" : `last ${own.what}`);

async function keep(form) {
  const reference = valueOf(form, "client_reference");
  const [pictures, content, last] = [takenPhotos(), own.contentOf(form, isKept()), lastOf(form, own.keeps)]; // before anything waits
  try {
    await phone.box.keepPhotos(reference, pictures);
    await phone.box.keep(reference, content, pictures.length, own.what);
    await phone.box.know(memory(), last);
  } catch (error) {
    tell(form, recording().dataset.wordFull);
    throw error;
  }
  await isMended(form, reference);
  forgetPhotos();
  navigator.storage?.persist?.();
}

async function isMended(form, reference) {
  if (form.dataset.mends && form.dataset.mends !== reference) await phone.box.remove(form.dataset.mends);
  delete form.dataset.mends;
  delete form.dataset.recordedAt;
}

// kept, and on to the next; a page of the server makes room for the one that needs no network
async function keepAndGoOn(form) {
  if (keeping) return; // a second tap
  keeping = true;
  const reference = valueOf(form, "client_reference");
  try {
    await keep(form);
  } finally {
    keeping = false;
  }
  await own.kept?.(reference);
  if (!isKept() && navigator.serviceWorker?.controller) {
    delete form.dataset.typed;
    window.location.assign(recording().dataset.page);
    return;
  }
  beginAnew(form, own.keeps);
  await phone.show();
  document.querySelector("[data-waiting]").scrollIntoView({ block: "start" });
  phone.send();
}

// with a network on a page of the server, which can look up and ask
function mend(row, content, problem) {
  if (!isKept() || phone.isAway()) return putRight(row, content, problem);
  window.location.hash = row.key;
  return window.location.reload();
}

async function putRight(row, content, problem) {
  const form = own.form();
  const pictures = await Promise.all((await phone.box.photosOf(row.key)).map(async (one) => ({ ...one, blob: await phone.box.blobOf(one) })));
  takeBack(form, pictures);
  form.dataset.mends = row.key;
  form.dataset.recordedAt = content.recorded_at;
  showAgain(form, content.fields, problem.status === 409 ? newReference() : row.key);
  const faults = Object.entries(problem.fields).flatMap(([name, texts]) => texts.map((text) => [name, text]));
  own.shows?.();
  showFaults(form, faults.length ? faults : problem.message.split("\n").map((text) => ["", text]));
}

async function mendNamed() {
  const row = (await phone.box.records()).find(({ key }) => key === window.location.hash.slice(1));
  const problem = row && (await phone.box.problemOf(row));
  if (!problem || !own.form()) return;
  window.history.replaceState(null, "", window.location.pathname);
  await putRight(row, await phone.box.contentOf(row), problem);
}

// what the server took from the form is no longer to be put right; the photos of a record follow it
async function accepted(form, address) {
  const reference = valueOf(form, "client_reference");
  const [pictures, { label }] = [takenPhotos(), own.contentOf(form, isKept())];
  if (!pictures.length || own.what !== RECORD) await phone.box.remove(reference);
  else {
    await phone.box.keepPhotos(reference, pictures);
    await phone.box.noteSent(reference, { number: address.split("/").at(-1), address, told: label }, pictures.length);
  }
  forgetPhotos();
  await isMended(form, reference);
}

// by the queue: on the page that the phone keeps, without a network, and what has the phone's time already
const isQueued = (form) => own.always || isKept() || !navigator.onLine || (form.dataset.mends && own.what !== RECORD);

function onSubmit(event) {
  const form = event.target;
  if (form !== own.form() || !isQueued(form)) return;
  event.preventDefault();
  event.stopPropagation();
  if (event.submitter?.name === "action" || !phone.box) {
    tell(form, phone.box ? recording().dataset.wordNoLookUp : recording().dataset.wordUnable);
    return;
  }
  const faults = own.faultsOf(form);
  if (faults.length) showFaults(form, faults);
  else keepAndGoOn(form).catch(() => {});
}

function listen() {
  const { box } = phone;
  document.addEventListener("submit", onSubmit, true);
  document.addEventListener("unsent", (event) => {
    if (event.target !== own.form() || event.detail?.button?.name === "action" || !box) return;
    event.preventDefault();
    keepAndGoOn(event.target).catch(() => {});
  });
  document.addEventListener("accepted", (event) => {
    if (event.target === own.form() && box) event.detail.until.push(accepted(event.target, event.detail.address));
  });
  document.addEventListener("places-unreachable", (event) => {
    if (!box) return;
    event.preventDefault();
    own.names(box).then((names) => event.detail.give(names ?? []));
  });
  document.addEventListener("shown", () => help().catch(() => {}));
}

async function help() {
  if (!own.form()) return;
  if (phone.box) photos(own.form());
  await own.help(phone.box);
}

async function room() {
  const { quota = Infinity, usage = 0 } = (await navigator.storage?.estimate?.()) ?? {};
  const tight = recording()?.querySelector("[data-tight]");
  if (tight) tight.hidden = quota - usage > LEAST_BYTES;
}

// page: {what, form(), contentOf(form, kept), faultsOf(form), keeps: the fields that the next one begins with,
// names(box): places without a network, learn(box): what the page asks a server for, help(box): makes the form quick,
// always: by the queue with a network too, shows(): the form is shown again, kept(reference): it was kept}
export async function formPage(page) {
  own = page;
  phone = await openPhone({ kept: isKept(), what: own.what, mend });
  const { box } = phone;
  const unable = recording().querySelector("[data-unable]");
  if (unable) unable.hidden = box !== null;
  listen();
  if (!box) return help();
  if (isKept()) {
    own.form().elements.namedItem("client_reference").value = newReference(); // a copy is opened more than once
    beginLike(own.form(), (await box.known(memory()))?.value ?? {});
  }
  await phone.show();
  if (!isKept()) await own.learn(box);
  await help();
  await mendNamed();
  await room();
  return phone.start();
}
