// Who is it, asked of the server while somebody types: after a pause, and only what can name somebody. The answer stands
// below the plate; the field, the focus and what is being typed are left alone. Without a network nothing is asked.
const FIELDS = ["plate", "id_number", "phone", "name"];
const LEAST = 4;
const PAUSE_MS = 400;
const LONG_PAUSE_MS = 1200; // of a number that is probably still on its way: its beginning is nobody's end
const END_OF_PLATE = /^[\u4e00-\u9fff]{0,4}(?=(?:[A-Z]*[0-9]){3})[A-Z0-9]{4,8}$/u;

const compact = (text) => text.normalize("NFKC").replace(/[\p{Cf}\p{Z}\p{P}]/gu, "").toUpperCase();

// how long to wait before asking, 0 for never
export function pauseOf(name, text, form) {
  const signs = compact(text);
  if (name === "plate") return END_OF_PLATE.test(signs) ? PAUSE_MS : 0;
  if (name === "name") {
    if (compact(form.elements.namedItem("id_number")?.value ?? "")) return 0; // somebody new is being entered
    return [...signs].length >= (/^[\x20-\x7e]*$/.test(signs) ? 3 : 2) ? PAUSE_MS : 0;
  }
  if (signs.length < LEAST) return 0;
  const begun = name === "phone" ? /^1[3-9]\d{3,8}$/.test(signs) : /^\d{5,17}$/.test(signs);
  return begun || (name === "phone" && /^1[3-9]\d\d$/.test(signs)) ? LONG_PAUSE_MS : PAUSE_MS;
}

const away = () => !navigator.onLine || document.body.classList.contains("is-away");

export function ask(form, values) {
  const found = form.querySelector("#found[data-look-up]");
  if (!found || away()) return;
  found.setAttribute("hx-vals", JSON.stringify(values));
  found.dispatchEvent(new Event("look-up"));
}

// a card that the plate no longer leads to is dimmed until the server has looked again
function age(form, signs) {
  const card = form.querySelector('#found [data-taken="plate"]');
  const plate = compact(card?.querySelector('[name="found_by_plate"]').value ?? "");
  card?.classList.toggle("is-old", !signs || !plate.endsWith(signs));
}

export function typing(root) {
  let timer = 0;
  let asked = "";

  function typed({ target, isComposing }) {
    const form = target.form;
    if (isComposing || form?.id !== "record" || !FIELDS.includes(target.name)) return;
    window.clearTimeout(timer);
    if (target.name === "plate") age(form, compact(target.value));
    else form.querySelector("#found .rider-card")?.remove(); // of what stood here before
    const pause = pauseOf(target.name, target.value, form);
    const key = `${target.name}:${compact(target.value)}`;
    if (!pause) {
      asked = "";
      form.querySelectorAll("#found > :not(.rider-card)").forEach((old) => old.remove());
      return;
    }
    if (key === asked && form.querySelector("#found")?.childElementCount) return;
    timer = window.setTimeout(() => {
      asked = key;
      ask(form, { typed: target.name });
    }, pause);
  }

  root.addEventListener("input", typed);
  root.addEventListener("compositionend", typed);
  // the keys of the plate close when the field is left: what is tapped below them would have moved from under the finger
  root.addEventListener("pointerdown", (event) => event.target.closest?.("#found button") && event.preventDefault());
  root.addEventListener("click", ({ target }) => target.closest?.("#found button") && root.activeElement?.blur(), true);
  root.addEventListener("submit", () => window.clearTimeout(timer), true);
}
