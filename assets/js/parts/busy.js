// A bar on top while htmx waits; where the answer never came, or is none, that is said with what to do.
import { advice, sentence, tell } from "./tell.js";

const PATIENCE_MS = 300;

function told(event) {
  const { elt, xhr } = event.detail;
  if (elt.matches('[hx-trigger*="every"]')) return; // what asks by itself asks again
  const status = xhr?.status ?? 0;
  if (elt.matches("[data-quiet]") && status !== 401) return; // likewise with the next sign typed, unless nobody is signed in
  const said = status && status !== 401 ? sentence(xhr.responseText, xhr.getResponseHeader("Content-Type") ?? "") : "";
  tell(elt, said || advice(status), { status });
}

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
  root.addEventListener("htmx:sendError", told);
  root.addEventListener("htmx:timeout", told);
  root.addEventListener("htmx:responseError", told);
}
