// A form marked data-short is sent without leaving the page. The answer is JSON: where to go on (address), the piece of
// the page that has changed (html), or a sentence that says why not (message). Without scripts the same form is posted
// like any other; so it is here where the answer is none of these.
import { enhance } from "./enhance.js";
import { actionOf } from "./form.js";
import { release } from "./guard.js";
import { lifted } from "./press.js";
import { advice, tell } from "./tell.js";
import { word } from "./words.js";

const PATIENCE_MS = 60000;
const CALM_MS = 2000; // after the last tap, what depends on all of them is read again

let later = 0;

function put(form, html) {
  const made = Object.assign(document.createElement("template"), { innerHTML: html.trim() }).content.firstElementChild; // a line of a table, too
  const old = document.getElementById(made.id) ?? form;
  old.replaceWith(made);
  enhance(made);
  made.tabIndex = -1;
  made.focus({ preventScroll: true });
}

// what is under the thumb stays there, however much appears above it
function still(change) {
  const fixed = document.activeElement.closest("main > *") ?? document.querySelector("main");
  const before = fixed.getBoundingClientRect().top;
  document.documentElement.classList.add("still");
  change();
  window.scrollBy(0, fixed.getBoundingClientRect().top - before);
  document.documentElement.classList.remove("still");
}

async function follow() {
  const answer = await fetch(window.location.href);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  await lifted();
  still(() =>
    document.querySelectorAll("[data-follows]").forEach((part) => part.replaceWith(page.getElementById(part.id) ?? part)),
  );
}

async function send(form, token) {
  const patience = Number(form.closest("[data-patience]")?.dataset.patience ?? PATIENCE_MS);
  const answer = await fetch(actionOf(form), {
    method: "POST",
    signal: AbortSignal.timeout?.(patience),
    body: new URLSearchParams(new FormData(form)),
    headers: { Accept: "application/json", "X-CSRFToken": token() },
  });
  const told = await answer.json().catch(() => ({}));
  await lifted();
  const near = form.isConnected ? form : document; // a page that lives may have drawn the form anew meanwhile
  near.dispatchEvent(new CustomEvent("answered", { bubbles: true, detail: told }));
  if (told.address) window.location.assign(told.address);
  else if (told.html) {
    put(form, told.html);
    window.clearTimeout(later);
    if (document.querySelector("[data-follows]")) later = window.setTimeout(() => follow().catch(() => {}), CALM_MS);
  } else if (answer.status === 409) tell(form, told.message, { act: () => window.location.reload(), label: word("reload") });
  else tell(form, told.message || advice(answer.status), { status: answer.status });
}

export function shortForms(root, token) {
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.matches("[data-short]")) return;
    event.preventDefault();
    send(form, token)
      .catch(() => form.dispatchEvent(new CustomEvent("unsent", { bubbles: true, cancelable: true, detail: { button: event.submitter } })) && tell(form, word("failed")))
      .finally(() => release(form));
  });
}
