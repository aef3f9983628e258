// A form is sent while its page stays: what was typed is on the page until the server has answered. Where there is no
// network, or the server cannot take it, the page says so and offers to send it again. Without scripts it is posted.
import { forget } from "./drafts.js";
import { actionOf, enctypeOf, isKept, methodOf } from "./form.js";
import { release } from "./guard.js";
import { advice, sentence, tell } from "./tell.js";
import { word } from "./words.js";

const PATIENCE_MS = 60000;
const PARTS = [".topbar", ".frame", ".bottom-bar"];

function goTo(address) {
  const url = new URL(address, window.location.href);
  const here = url.pathname === window.location.pathname && url.search === window.location.search;
  window.location.assign(url);
  if (here && url.hash) window.location.reload(); // a place on this page would only be scrolled to
}

// the page that answered in place of this one; what it posts to where it says nothing is where this was posted to
function show(html, address, appeared) {
  const page = new DOMParser().parseFromString(html, "text/html");
  page.querySelectorAll("form:not([action])").forEach((form) => methodOf(form) === "post" && form.setAttribute("action", address));
  document.title = page.title;
  document.body.className = page.body.className;
  const token = page.querySelector('meta[name="csrf-token"]')?.content;
  if (token) document.querySelector('meta[name="csrf-token"]')?.setAttribute("content", token);
  PARTS.forEach((part) => document.body.querySelectorAll(`:scope > ${part}`).forEach((old) => old.remove()));
  const made = [...page.body.children].filter((child) => PARTS.some((part) => child.matches(part)));
  document.body.append(...made);
  window.scrollTo(0, 0);
  made.forEach(appeared);
  document.dispatchEvent(new Event("shown"));
  if (!document.activeElement?.matches("[data-focus]")) document.getElementById("main")?.focus({ preventScroll: true });
}

const hasFiles = (form) => [...form.querySelectorAll('input[type="file"]')].some((field) => field.files.length);

function bodyOf(form, button) {
  const data = new FormData(form);
  if (button?.name) data.append(button.name, button.value);
  return enctypeOf(form) === "multipart/form-data" ? data : new URLSearchParams(data);
}

// who signed in again in another window has another token; files cannot be shown again, so that the page stays
async function renew(form) {
  const page = new DOMParser().parseFromString(await (await fetch(window.location.href)).text(), "text/html");
  const token = page.querySelector('meta[name="csrf-token"]')?.content;
  const field = form.querySelector('input[name="csrf_token"]');
  if (token && field) field.value = token;
}

// A network that wants a sign-in of its own answers everything with a page of its own: the server was not reached.
const isOurs = (html) => html.includes('name="csrf-token"');

// a page may take what the server could not: it is kept on the phone then
const isTaken = (form, button) => !form.dispatchEvent(new CustomEvent("unsent", { bubbles: true, cancelable: true, detail: { button } }));

async function send(form, button, appeared) {
  const address = button?.getAttribute("formaction") ? button.formAction : actionOf(form);
  const headers = { Accept: "text/html", "X-Kept-Page": "1" };
  const patience = Number(form.closest("[data-patience]")?.dataset.patience) || PATIENCE_MS;
  const answer = await fetch(address, { method: "POST", body: bodyOf(form, button), headers, signal: AbortSignal.timeout?.(patience) });
  const type = answer.headers.get("Content-Type") ?? "";
  const text = await answer.text();
  const again = { act: () => form.requestSubmit(button ?? undefined), label: word("again"), status: answer.status };
  if (type.includes("json") && answer.ok) {
    const { address } = JSON.parse(text);
    forget(form);
    const until = [];
    form.dispatchEvent(new CustomEvent("accepted", { bubbles: true, detail: { address, until } }));
    await Promise.allSettled(until);
    goTo(address);
    return true;
  }
  if (answer.status >= 500 && isTaken(form, button)) return false;
  if (answer.ok && !isOurs(text)) throw new Error("answered by somebody else");
  const kept = hasFiles(form) && [400, 401].includes(answer.status);
  if (kept) again.act = () => renew(form).catch(() => {}).then(() => form.requestSubmit(button ?? undefined));
  if (!kept && type.includes("html") && (answer.ok || [401, 409, 422].includes(answer.status) || (answer.status === 400 && text.includes("data-once")) || (answer.status === 429 && text.includes("data-wait")))) {
    if (answer.ok) forget(form);
    show(text, address, appeared);
  } else tell(form, (answer.status === 401 ? "" : sentence(text, type)) || advice(answer.status), again);
  return false;
}

export function sending(root, appeared) {
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !isKept(form)) return;
    event.preventDefault();
    const button = event.submitter;
    send(form, button, appeared)
      .then((leaving) => leaving || release(form))
      .catch(() => {
        release(form);
        if (isTaken(form, button)) return;
        tell(form, word("kept"), { act: () => form.requestSubmit(button ?? undefined), label: word("again") });
      });
  });
}
