// What others do at the same door is seen within three seconds. Asked with the mark of what is on the page: mostly the
// answer is that nothing has changed.
import { fetchChanged, poll } from "../parts/poll.js";
import { lifted } from "../parts/press.js";
import { arrange, made, rowsOf } from "./list.js";

const EVERY_MS = 2500;

// told: what the device should learn of the server's clock from an answer, and whether there was one
export function live(root, told) {
  let version = root.dataset.version;

  async function ask() {
    const have = rowsOf().map(({ dataset }) => dataset.mark).join(",");
    const asked = Date.now();
    const answer = await fetchChanged(`${root.dataset.live}?have=${have}`, version);
    told(answer, asked);
    if (!answer.ok) return;
    const { order, rows, parts } = await answer.json();
    await lifted();
    version = (answer.headers.get("ETag") ?? "").replace(/^W\/|"/g, "").replace(/:.*$/, "");
    arrange(order, rows);
    Object.values(parts).forEach((html) => {
      const part = made(html);
      const old = document.getElementById(part.id);
      if (!old || old.querySelector("[data-sending], details[open]")) return;
      const focused = old.contains(document.activeElement);
      old.replaceWith(part);
      if (focused) part.querySelector("button, a")?.focus({ preventScroll: true });
    });
    document.dispatchEvent(new Event("list-drawn"));
  }

  return poll(ask, EVERY_MS, () => told(null));
}
