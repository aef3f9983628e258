// A form that a phone keeps: the fields that count, what is wrong said as the server says it, shown again, begun anew.
import { fill } from "./drafts.js";

const BESIDE = /^(csrf_token|seen|seen_from|opened|again|kept|version|client_reference|photos_announced|action)$/;

export const valueOf = (form, name) => form.elements.namedItem(name)?.value?.trim() ?? "";
export const newReference = () => crypto.randomUUID().replaceAll("-", "");
export const own = (form, name) => form.closest("[data-recording]").dataset[`word${name[0].toUpperCase()}${name.slice(1)}`];

export const fieldsOf = (form) => [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !BESIDE.test(name));

export function clearFaults() {
  document.querySelector("main > .error-summary, [data-recording] > .error-summary")?.remove();
}

// a summary above the form, each line a link to its field, as the server draws it
export function showFaults(form, faults) {
  clearFaults();
  const lines = faults.map(([name, text]) => {
    const field = form.querySelector(`#${CSS.escape(name)}`);
    const line = document.createElement("li");
    if (field) line.append(Object.assign(document.createElement("a"), { href: `#${name}`, textContent: text }));
    else line.textContent = text;
    field?.closest("details")?.setAttribute("open", "");
    return line;
  });
  const summary = Object.assign(document.createElement("div"), { className: "error-summary", tabIndex: -1 });
  summary.setAttribute("role", "alert");
  const list = document.createElement("ul");
  list.append(...lines);
  summary.append(Object.assign(document.createElement("h2"), { textContent: own(form, "check") }), list);
  form.before(summary);
  summary.focus();
}

// an empty form for the next one at the same place, under a reference of its own
export function beginAnew(form, names) {
  const last = lastOf(form, names);
  clearFaults();
  form.reset();
  form.querySelectorAll("[data-carried]").forEach((field) => field.remove());
  form.querySelectorAll("details[open]").forEach((part) => part.removeAttribute("open"));
  form.elements.namedItem("client_reference").value = newReference();
  beginLike(form, last);
  delete form.dataset.typed;
}

export function beginLike(form, last) {
  Object.entries(last).forEach(([name, value]) => {
    const field = form.elements.namedItem(name);
    if (field && value) field.value = value;
  });
}

export const lastOf = (form, names) => Object.fromEntries(names.map((name) => [name, valueOf(form, name)]));

// shows what was kept to be put right; what this form has no field for (a rider found before) is carried along unseen
export function showAgain(form, fields, reference) {
  form.reset();
  form.querySelectorAll("[data-carried]").forEach((field) => field.remove());
  fields.filter(([name]) => !form.elements.namedItem(name)).forEach(([name, value]) => {
    const carried = Object.assign(document.createElement("input"), { type: "hidden", name, value });
    carried.dataset.carried = "";
    form.append(carried);
  });
  fill(form, fields);
  form.elements.namedItem("client_reference").value = reference;
  form.scrollIntoView({ block: "start" });
}
