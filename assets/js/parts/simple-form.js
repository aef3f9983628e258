// A form of which the page itself says what a phone has to ask for (`data-required`: field -> sentence) and which fields
// name it in the list of what waits (`data-named-by`).
import { fieldsOf, valueOf } from "./kept-form.js";

const FRESH_MS = 3600000;
const REST_MS = 2000;

const listed = (text) => text.split(" ").filter(Boolean);

function shownValue(form, name) {
  const field = form.elements.namedItem(name);
  return field?.selectedOptions ? field.selectedOptions[0]?.textContent.trim() : valueOf(form, name);
}

function contentOf(form) {
  const label = listed(form.closest("[data-recording]").dataset.namedBy).map((name) => shownValue(form, name));
  const recorded_at = form.dataset.recordedAt ?? new Date().toISOString();
  return { fields: fieldsOf(form), recorded_at, label: label.filter(Boolean).join(" · ") };
}

const faultsOf = (form) =>
  Object.entries(JSON.parse(form.closest("[data-recording]").dataset.required)).filter(([name]) => !valueOf(form, name));

// The names of places that this form's field offers, for when there is no network; asked for at most once an hour, and
// only once the page has come to rest: what its field has read by then comes from the browser.
async function learnNames(form, box) {
  const before = await box.known("names");
  if (before && Date.now() - before.at < FRESH_MS) return;
  await new Promise((rested) => setTimeout(rested, REST_MS));
  const field = form?.querySelector("input[data-places]");
  const answer = field && (await fetch(field.dataset.places).catch(() => null));
  if (answer?.ok) await box.know("names", await answer.json());
}

export function simplePage(what) {
  const form = () => document.querySelector(`form#${what}`);
  return {
    what,
    form,
    contentOf,
    faultsOf,
    keeps: ["area_code"],
    names: async (box) => (await box.known("names"))?.value,
    learn: (box) => void learnNames(form(), box).catch(() => {}),
    help: async () => {},
  };
}
