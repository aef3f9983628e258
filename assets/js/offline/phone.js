// What waits on this phone, on whichever page it is seen: one list and one sender for all that is kept.
import { showWaiting } from "../parts/queue-list.js";
import { queueSender } from "../parts/queue-send.js";
import { SENT, openBox, openQueue } from "./queue.js";
import { keepPage } from "./worker-ready.js";

const KEEP_SENT_MS = 2 * 86400000;
const WINDOWS = globalThis.BroadcastChannel ? new BroadcastChannel("kerb") : null;

export const seen = () => document.querySelector("[data-waiting]");

function network() {
  document.body.classList.toggle("is-away", !navigator.onLine);
}

async function openOwn(mayMake) {
  const { account } = document.body.dataset;
  if (!account) return null;
  try {
    return await openBox(await openQueue(), account, mayMake);
  } catch {
    return null;
  }
}

async function forgetOld(box) {
  const old = (await box.records()).filter(({ state, sentAt }) => state === SENT && sentAt < Date.now() - KEEP_SENT_MS);
  for (const { key } of old) if (!(await box.photosOf(key)).length) await box.remove(key);
}

// what: the kind that the form on this page makes; mend(row, content, problem) puts one of that kind right there.
// `box` is null where this browser keeps nothing.
export async function openPhone({ kept = false, what = "", mend = null } = {}) {
  const { workerUrl: url, scope, factsUrl, kinds: known } = seen().dataset;
  const kinds = JSON.parse(known);
  let link = "";
  network();
  keepPage({ url, scope });
  const box = await openOwn(!kept);

  async function show() {
    if (seen() && box) await showWaiting(seen(), box, { link, kinds, what, mend });
  }

  async function changed(state) {
    link = state;
    await show();
    WINDOWS?.postMessage("changed");
    document.dispatchEvent(new Event("queue-changed"));
  }

  const sender = box && queueSender({ box, factsUrl, kinds, changed });
  const send = () => sender?.send();
  document.addEventListener("shown", () => {
    network();
    show();
  });
  document.addEventListener("kept", () => show(), true);
  document.addEventListener("click", (event) => event.target.closest("[data-waiting] [data-send]") && send());
  window.addEventListener("online", network);
  window.addEventListener("offline", network);
  if (WINDOWS) WINDOWS.onmessage = () => show();
  if (box) await forgetOld(box);

  function start() {
    sender.start();
    document.documentElement.dataset.kerb = "ready";
    send();
  }

  return { box, show, send, start, isAway: () => !navigator.onLine || link === "away" };
}
