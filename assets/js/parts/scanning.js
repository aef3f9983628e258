// The key that scans a code: what reads it comes with the first tap, never with the page.
import { ask } from "./typing.js";

function filled(form, { plate, number }) {
  if (number) {
    ask(form, { typed: "code", code: number });
    return;
  }
  const field = form.elements.namedItem("plate");
  field.value = plate;
  ["input", "change"].forEach((name) => field.dispatchEvent(new Event(name, { bubbles: true })));
}

export function scanning(root) {
  root.addEventListener("click", async ({ target }) => {
    const button = target.closest?.("button[data-scan]");
    if (!button) return;
    const { form, dataset } = button;
    const said = form.querySelector("[data-scan-said]");
    said.textContent = "";
    try {
      const { scan } = await import(dataset.scan);
      await scan(dataset, (code) => filled(form, code));
    } catch {
      said.textContent = dataset.wordUnable;
    }
  });
}

export const offerScanning = (form) => form.querySelectorAll("button[data-scan]").forEach((button) => (button.hidden = false));
