// Asks again and again while somebody looks at the page: at once when it is looked at again or the network is back, later
// where nobody answered. Nobody asks for a page that nobody looks at, and never twice at once.
const AWAY_MS = 5000;
const PATIENCE_MS = 8000;

// What is told is told for the mark of what the page shows; 304 where that has not changed.
export const fetchChanged = (address, version) =>
  fetch(address, {
    headers: { "If-None-Match": `"${version}"`, Accept: "application/json" },
    cache: "no-store",
    redirect: "manual",
    signal: AbortSignal.timeout?.(PATIENCE_MS),
  });

// ask: the question, which throws where nobody answers; away: what is done then. Returns how to ask out of turn.
export function poll(ask, everyMs, away = () => {}) {
  let timer = 0;
  let asking = false;

  async function round() {
    window.clearTimeout(timer);
    if (document.hidden || asking) return;
    asking = true;
    let wait = everyMs;
    try {
      await ask();
    } catch {
      away();
      wait = AWAY_MS;
    }
    asking = false;
    timer = window.setTimeout(round, wait);
  }

  document.addEventListener("visibilitychange", round);
  window.addEventListener("online", round);
  timer = window.setTimeout(round, everyMs);
  return round;
}
