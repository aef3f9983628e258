// Signing out deletes the key and with it all that waits on this phone; where something does, that is said first.
import { countUnsent, emptyBox, openQueue } from "./queue.js";
import { forgetKeptPages } from "./worker-ready.js";
import { open } from "../parts/confirm.js";
import { word } from "../parts/words.js";

async function queueIfAny() {
  if (!globalThis.indexedDB) return null;
  const known = await indexedDB.databases?.();
  return known && !known.some(({ name }) => name === "kerb") ? null : openQueue();
}

async function leave(form) {
  const { account } = document.body.dataset;
  const queue = await queueIfAny();
  const go = async () => {
    if (queue) await emptyBox(queue, account);
    await forgetKeptPages();
    form.dataset.leaving = "yes";
    form.requestSubmit();
  };
  const unsent = queue ? await countUnsent(queue, account) : 0;
  if (!unsent) return go();
  return open(word("unsent").replace("{n}", unsent), word("leave"), () => go());
}

export function leaving(root) {
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-leaves]") || form.dataset.leaving || event.defaultPrevented) return;
    event.preventDefault();
    leave(form).catch(() => {
      form.dataset.leaving = "yes"; // no storage, so nothing waits
      form.requestSubmit();
    });
  });
}
