// What was typed and not sent stays in this window until it is sent, given up or two hours old: the page that is left
// half filled offers it when it is opened again. It is kept for the account that typed it and is gone with the sign-out.
import { actionOf, isKept } from "./form.js";
import { word } from "./words.js";

const PREFIX = "draft:";
const OLDEST_MS = 2 * 3600 * 1000;
const TECHNICAL = /^(csrf_token|seen|seen_from|opened|again|kept|version|client_reference)$/;
const account = () => document.body.dataset.account ?? "";
const keyOf = (form) => PREFIX + new URL(actionOf(form)).pathname;
const mine = (form) => account() && isKept(form);

const typed = (form) => [...new FormData(form)].filter(([name, value]) => !TECHNICAL.test(name) && typeof value === "string");

export function forget(form) {
  delete form.dataset.typed;
  sessionStorage.removeItem(keyOf(form));
}

function keep(form) {
  sessionStorage.setItem(keyOf(form), JSON.stringify({ by: account(), at: Date.now(), fields: typed(form) }));
}

function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}

function tidy() {
  Object.keys(sessionStorage)
    .filter((key) => key.startsWith(PREFIX))
    .forEach((key) => {
      const draft = read(key);
      if (!draft || draft.by !== account() || Date.now() - draft.at > OLDEST_MS) sessionStorage.removeItem(key);
    });
}

export function fill(form, fields) {
  const values = new Map();
  fields.forEach(([name, value]) => values.set(name, [...(values.get(name) ?? []), value]));
  [...form.elements].forEach((field) => {
    if (!field.name || TECHNICAL.test(field.name) || field.type === "file" || field.tagName === "BUTTON") return;
    const given = values.get(field.name) ?? [];
    if (field.type === "checkbox" || field.type === "radio") field.checked = given.includes(field.value);
    else if (field.type === "select-multiple") [...field.options].forEach((option) => (option.selected = given.includes(option.value)));
    else if (given.length) field.value = given[0];
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

function offer(form) {
  const draft = read(keyOf(form));
  if (!draft) return;
  const note = document.createElement("div");
  note.className = "flash flash-warning";
  note.setAttribute("role", "status");
  const button = (text, act) => {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-secondary", textContent: text });
    made.addEventListener("click", () => {
      note.remove();
      act();
    });
    return made;
  };
  const time = new Date(draft.at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  note.append(`${word("draft")} (${time}) `, button(word("fill"), () => fill(form, draft.fields)), " ", button(word("drop"), () => forget(form)));
  form.before(note);
}

export function drafts(root) {
  tidy();
  root.querySelectorAll("form").forEach((form) => mine(form) && offer(form));
  root.addEventListener("input", ({ target }) => target.form && mine(target.form) && (target.form.dataset.typed = "yes"));
  window.addEventListener("pagehide", () => {
    root.querySelectorAll("form[data-typed]").forEach((form) => mine(form) && keep(form));
  });
}
