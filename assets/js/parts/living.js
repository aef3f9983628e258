// A page whose parts change while somebody looks at it: asked with the mark of what it shows, mostly nothing has changed.
// <div data-living="mark" data-every="seconds">; the answer is {version, parts: {id: html}}, or 304.
import { enhance } from "./enhance.js";
import { fetchChanged, poll } from "./poll.js";
import { lifted } from "./press.js";

// what is under the finger or has the focus stays in use: the same key has the focus afterwards
function put(id, html) {
  const old = document.getElementById(id);
  const made = Object.assign(document.createElement("template"), { innerHTML: html.trim() }).content.firstElementChild;
  if (!old || old.querySelector("[data-sending]")) return;
  const action = old.contains(document.activeElement) ? document.activeElement.closest("form")?.action : null;
  old.replaceWith(made);
  enhance(made);
  if (action) [...made.querySelectorAll("form")].find((form) => form.action === action)?.querySelector("button")?.focus({ preventScroll: true });
}

export function living(root) {
  const page = root.querySelector("[data-living]");
  if (!page) return;
  let version = page.dataset.living;

  async function ask() {
    const answer = await fetchChanged(window.location.pathname, version);
    if (!answer.ok) return;
    const told = await answer.json();
    await lifted();
    version = told.version;
    Object.entries(told.parts).forEach(([id, html]) => put(id, html));
  }

  poll(ask, Number(page.dataset.every) * 1000);
}
