// The record page: without a network too, and quick with one.
import { formPage, recording } from "./offline/form-page.js";
import { RECORD } from "./offline/queue.js";
import { seen } from "./offline/phone.js";
import { valueOf } from "./parts/kept-form.js";
import { NEXT_KEEPS, contentOf, faultsOf, recordForm } from "./parts/record-form.js";
import { plateKeys } from "./parts/plate-keys.js";
import { offerScanning, scanning } from "./parts/scanning.js";
import { typing } from "./parts/typing.js";
import { where } from "./parts/where.js";

const FRESH_MS = 3600000;
const AROUND_MS = 1500;

// the places of the own post, for when there is no network; asked for at most once an hour
async function learnAround(box) {
  const before = await box.known("around");
  if (before && Date.now() - before.at < FRESH_MS) return;
  const answer = await fetch(seen().dataset.aroundUrl, { redirect: "manual" });
  const around = answer.ok ? await answer.json() : null;
  if (around?.account === box.account) await box.know("around", around);
}

function keys() {
  const form = recordForm();
  const { wordKeys: label, wordBack: back, wordKeyboard: keyboard, wordLookUp: lookUp } = recording()?.dataset ?? {};
  if (form) offerScanning(form);
  if (form) plateKeys(form, { label, back, keyboard, lookUp });
}

// what makes the form quick: keys for the plate, places near by
async function help(box) {
  keys();
  const around = box ? (await box.known("around"))?.value : null;
  where(recordForm(), around ?? { names: [], centres: {}, recent: [] });
  const params = new URLSearchParams(window.location.search);
  const begun = recordForm().querySelector('[name="kind"]:checked') && valueOf(recordForm(), "area_code");
  const busy = recordForm().contains(document.activeElement); // somebody was quicker than the network: leave them where they are
  if (params.has("kind") && begun && !busy && !document.querySelector(".error-summary")) recordForm().elements.namedItem("plate")?.focus();
}

if (seen() && recording()) {
  typing(document);
  scanning(document);
  document.addEventListener("htmx:afterSwap", keys);
  formPage({
    what: RECORD,
    form: recordForm,
    contentOf,
    faultsOf,
    keeps: NEXT_KEEPS,
    names: async (box) => (await box.known("around"))?.value.names,
    learn: (box) => Promise.race([learnAround(box).catch(() => {}), new Promise((late) => setTimeout(late, AROUND_MS))]),
    help,
  });
}
