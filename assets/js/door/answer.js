// The whole screen answers: colour, word, name, what to do. It is in nobody's way: the next scan replaces it, what is
// typed goes on into the field, and a tap reaches the line below it. Good news goes by itself, a problem stays until seen.
import { play } from "./sound.js";

const STAYS_MS = { done: 1600, open: 2600 };
const BUZZ = { done: [40], open: [40, 60, 40], problem: [200] };

let timer = 0;
let shown = null;

function element(name, attributes, ...children) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children.filter(Boolean));
  return made;
}

export function dismiss() {
  window.clearTimeout(timer);
  shown?.remove();
  shown = null;
}

export const isShown = () => shown !== null;

// the key that Enter presses, where the answer asks for something
export const mainKey = () => shown?.querySelector("[data-main]");

// told: {tone, word, name, last_four, message}; keys: [{label, act, main}]; links: [{label, address}]
export function show(told, { keys = [], links = [], lastFour = "", close = "" } = {}) {
  dismiss();
  const four = told.last_four ? element("p", { className: "door-answer-four" }, `${lastFour} `, element("strong", { textContent: told.last_four })) : null;
  const buttons = keys.map(({ label, act, main }) => {
    const made = element("button", { type: "button", className: `btn btn-${main ? "primary" : "secondary"}`, textContent: label });
    if (main) made.dataset.main = "";
    made.addEventListener("click", (event) => {
      event.stopPropagation();
      dismiss();
      act();
    });
    return made;
  });
  links.forEach(({ label, address }) => buttons.push(element("a", { className: "btn btn-secondary", href: address, textContent: label })));
  if (told.tone === "problem" || keys.length) buttons.push(element("button", { type: "button", className: "btn btn-secondary", textContent: close }));
  shown = element("div", { className: `door-answer door-answer-${told.tone}` });
  shown.setAttribute("role", "alert");
  if (!buttons.length) shown.classList.add("is-passing");
  shown.append(element("p", { className: "door-answer-word", textContent: told.word }));
  if (told.name) shown.append(element("p", { className: "door-answer-name", textContent: told.name }));
  if (four) shown.append(four);
  shown.append(element("p", { textContent: told.message }), element("div", { className: "buttons" }, ...buttons));
  shown.addEventListener("click", ({ target }) => !target.closest("a") && dismiss());
  (document.querySelector("dialog[open]") ?? document.body).append(shown);
  play(told.tone);
  navigator.vibrate?.(BUZZ[told.tone] ?? BUZZ.open);
  const stays = keys.length ? 0 : STAYS_MS[told.tone];
  if (stays) timer = window.setTimeout(dismiss, stays);
}

// an answer that asks for nothing is gone with the next tap, which does what it was meant to do
document.addEventListener("pointerdown", () => shown?.classList.contains("is-passing") && dismiss(), true);
