// What others do at the same door is seen within three seconds. Asked with the mark of what is on the page: mostly the
// answer is that nothing has changed. Nobody asks for a page that nobody looks at.
import { lifted } from "../parts/press.js";
import { arrange, made, rowsOf } from "./list.js";

const EVERY_MS = 2500;
const AWAY_MS = 5000;
const PATIENCE_MS = 8000;

// told: what the device should learn of the server's clock from an answer, and whether there was one
export function live(root, told) {
  let version = root.dataset.version;
  let timer = 0;
  let asking = false;

  async function ask() {
    const have = rowsOf().map(({ dataset }) => dataset.mark).join(",");
    const asked = Date.now();
    const answer = await fetch(`${root.dataset.live}?have=${have}`, {
      headers: { "If-None-Match": `"${version}"`, Accept: "application/json" },
      cache: "no-store",
      redirect: "manual",
      signal: AbortSignal.timeout?.(PATIENCE_MS),
    });
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

  async function round() {
    window.clearTimeout(timer);
    if (document.hidden || asking) return;
    asking = true;
    let wait = EVERY_MS;
    try {
      await ask();
    } catch {
      told(null);
      wait = AWAY_MS;
    }
    asking = false;
    timer = window.setTimeout(round, wait);
  }

  document.addEventListener("visibilitychange", round);
  window.addEventListener("online", round);
  timer = window.setTimeout(round, EVERY_MS);
  return round;
}
