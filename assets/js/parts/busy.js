// A bar on top while htmx waits, and a message when the answer never came.
import { word } from "./words.js";

const PATIENCE_MS = 300;

export function showBusy(root) {
  const bar = Object.assign(root.createElement("div"), { className: "busy", hidden: true });
  bar.setAttribute("role", "progressbar");
  bar.setAttribute("aria-hidden", "true");
  root.body.append(bar);
  let waiting = 0;
  let timer = 0;
  root.addEventListener("htmx:beforeRequest", () => {
    waiting += 1;
    timer ||= window.setTimeout(() => (bar.hidden = waiting === 0), PATIENCE_MS);
  });
  root.addEventListener("htmx:afterRequest", () => {
    waiting = Math.max(0, waiting - 1);
    if (waiting) return;
    window.clearTimeout(timer);
    timer = 0;
    bar.hidden = true;
  });
  root.addEventListener("htmx:sendError", () => {
    const note = Object.assign(root.createElement("p"), { className: "flash flash-error", textContent: word("failed") });
    note.setAttribute("role", "alert");
    root.getElementById("flashes")?.append(note);
  });
}
