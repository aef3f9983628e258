// A second tap on the same button sends nothing; going back in the browser makes the form usable again.
import { methodOf } from "./form.js";

const SENDING = "sending";
const PATIENCE_MS = 8000; // an answer that is a download leaves the page as it was

export function release(form) {
  delete form.dataset[SENDING];
  form.ownerDocument.querySelectorAll("button[data-held]").forEach((button) => {
    if (button.form !== form) return;
    button.removeAttribute("aria-disabled");
    delete button.dataset.held;
  });
}

export function guard(root) {
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (methodOf(form) !== "post" || event.defaultPrevented || !form.matches("[data-once]")) return;
    if (form.dataset[SENDING]) {
      event.preventDefault();
      return;
    }
    form.dataset[SENDING] = "yes";
    if (event.submitter) {
      event.submitter.setAttribute("aria-disabled", "true");
      event.submitter.dataset.held = "yes";
    }
    window.setTimeout(() => release(form), PATIENCE_MS);
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) root.querySelectorAll(`form[data-${SENDING}]`).forEach(release);
  });
}
