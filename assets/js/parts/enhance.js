// What is done once to every piece of page that appears, at load and after each htmx swap.
import { placeFields } from "./place-fields.js";
import { positions } from "./position.js";
import { word } from "./words.js";

const UNITS = [
  ["year", 31536000],
  ["month", 2592000],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];
const language = document.documentElement.lang;

let words; // made once: it loads the language's rules

export function relative(then, now = Date.now()) {
  const seconds = Math.round((then - now) / 1000);
  words ??= new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["minute", 60];
  return words.format(Math.trunc(seconds / size), unit);
}

function times(root) {
  root.querySelectorAll("time[data-relative]").forEach((time) => {
    const then = Date.parse(time.dateTime);
    if (Number.isNaN(then)) return;
    time.title ||= time.textContent.trim();
    time.textContent = relative(then);
  });
}

function flashes(root) {
  root.querySelectorAll(".flash:not([data-ready])").forEach((flash) => {
    flash.dataset.ready = "";
    const button = Object.assign(document.createElement("button"), {
      type: "button",
      className: "plain flash-close",
      textContent: word("close"),
    });
    button.addEventListener("click", () => flash.remove());
    flash.prepend(button);
  });
}

function copies(root) {
  if (!navigator.clipboard) return;
  root.querySelectorAll("button[data-copy][hidden]").forEach((button) => {
    const label = button.textContent;
    button.hidden = false;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = word("copied");
      window.setTimeout(() => (button.textContent = label), 2000);
    });
  });
}

function rows(root) {
  root.querySelectorAll("tr:has(a.row-link)").forEach((row) => row.classList.add("clickable"));
  root.querySelectorAll(".list td[data-label]").forEach((cell) => cell.classList.toggle("nothing", cell.textContent.trim() === "—"));
}

function widths(root) {
  const seen = [...root.querySelectorAll(".table-frame")].filter((frame) => !frame.closest("details:not([open])"));
  seen.filter((frame) => frame.scrollWidth > frame.clientWidth + 1).forEach((frame) => {
    frame.classList.add("wide");
    frame.tabIndex = 0; // what scrolls has to be reachable by keyboard
  });
}

// once the page is drawn, and of what is folded once it is opened: asking for a width before would lay it out for nothing
function frames(root) {
  window.requestAnimationFrame(() => window.setTimeout(() => widths(root)));
}

document.addEventListener("toggle", ({ target }) => target.open && widths(target), true);

function filters(root) {
  root.querySelectorAll("form[data-autosubmit] select").forEach((select) => {
    select.addEventListener("change", () => select.form.requestSubmit());
  });
}

// an untouched filter does not have to stand in the address, unless an empty one says more than none: a period
function tidy(root) {
  root.querySelectorAll('form[data-autosubmit][method="get"]').forEach((form) => {
    form.addEventListener("formdata", (event) => {
      [...event.formData].forEach(([name, value]) => {
        const field = form.elements.namedItem(name);
        if (value === "" && !field?.dataset?.keepEmpty) event.formData.delete(name);
      });
    });
  });
}

export function enhance(root) {
  if (root.dataset?.enhanced) return;
  if (root.dataset) root.dataset.enhanced = "";
  [times, flashes, copies, rows, frames, filters, placeFields, tidy, positions].forEach((part) => part(root));
  root.querySelector("[data-focus]")?.focus();
}

window.setInterval(() => times(document.body), 30000);
