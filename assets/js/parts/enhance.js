// What is done once to every piece of page that appears, at load and after each htmx swap.
import { choosing } from "./choosing.js";
import { placeFields } from "./place-fields.js";
import { distances } from "./distances.js";
import { positions } from "./position.js";
import { waiting } from "./waiting.js";
import { word } from "./words.js";

const language = document.documentElement.lang;
const DAY = 86400000;
const FARTHEST = 30; // days; beyond, the date says more than a count of days
const SHANGHAI = 8 * 3600000; // the district's clock, wherever the reader is; it has had no summer time since 1991

let words; // made once: it loads the language's rules

// Minutes and hours of the same day, else days of the calendar: what happened at 22:30 is "yesterday" from midnight on.
export function relative(then, now = Date.now()) {
  words ??= new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const days = Math.floor((then + SHANGHAI) / DAY) - Math.floor((now + SHANGHAI) / DAY);
  if (Math.abs(days) > FARTHEST) return "";
  if (days) return words.format(days, "day");
  const minutes = Math.trunc((then - now) / 60000);
  return Math.abs(minutes) < 60 ? words.format(minutes, "minute") : words.format(Math.trunc(minutes / 60), "hour");
}

// beside the exact time, which stays
function times(root) {
  root.querySelectorAll("time[data-relative]").forEach((time) => {
    const then = Date.parse(time.dateTime);
    if (Number.isNaN(then)) return;
    let beside = time.nextElementSibling;
    if (!beside?.matches(".ago")) {
      beside = Object.assign(document.createElement("span"), { className: "ago" });
      time.after(" ", beside);
    }
    const said = relative(then);
    if (beside.textContent !== said) beside.textContent = said;
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
  [times, flashes, copies, rows, frames, filters, placeFields, tidy, positions, distances, waiting, choosing].forEach((part) => part(root));
  root.querySelector("[data-focus]")?.focus();
}

window.setInterval(() => times(document.body), 30000);
