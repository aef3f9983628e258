// Sends what the log holds, in pieces, as often as it takes. The server knows the last tap it took in of each
// sheet, so that a piece whose answer got lost may be sent again.
const PIECE = 400;
const [SHORTEST_MS, LONGEST_MS] = [5000, 60000];

class Away extends Error {}
class SignedOut extends Error {}

async function ask(url, options = {}) {
  let answer;
  try {
    answer = await fetch(url, { credentials: "same-origin", redirect: "manual", ...options });
  } catch {
    throw new Away();
  }
  if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) throw new SignedOut();
  if (answer.status >= 500 || answer.status === 429) throw new Away();
  return answer;
}

export function makeSender({ store, factsUrl, sendUrl, changed }) {
  let token = null;
  let running = null;
  let again = false;
  let timer = 0;
  let wait = SHORTEST_MS;

  async function refresh() {
    const facts = await (await ask(factsUrl)).json();
    token = facts.token;
    const { observer, sites, companies } = facts;
    await store.saveFacts({ observer, sites, companies });
    return { observer, sites, companies };
  }

  function post(body) {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token, Accept: "application/json" };
    return ask(sendUrl, { method: "POST", headers, body: JSON.stringify(body) });
  }

  async function piece(sheet) {
    const taps = (await store.taps(sheet.key)).filter((tap) => tap.sequence > sheet.sent).slice(0, PIECE);
    const upTo = taps.at(-1)?.sequence ?? sheet.sent;
    const { key, site, code, started, until, observer } = sheet;
    const body = { key, site, code, started, until, observer, clock: Date.now(), ended: sheet.ended && upTo === sheet.last };
    body.taps = taps.map((tap) => [tap.sequence, tap.group, tap.role, tap.company, tap.result, tap.step]);
    if (!token) await refresh();
    let answer = await post(body);
    if (answer.status === 400) {
      await refresh(); // the token ended with the former session
      answer = await post(body);
    }
    const told = await answer.json().catch(() => ({}));
    await store.change(key, (kept) => {
      kept.problem = answer.ok ? "" : told.error ?? String(answer.status);
      if (!answer.ok) return null;
      kept.sent = Math.max(kept.sent, told.last);
      kept.number = told.number;
      kept.done = told.ended && kept.sent === kept.last;
      return null;
    });
    if (answer.ok && told.ended && body.ended) await store.dropTaps(key);
    return answer.ok;
  }

  const waiting = (sheet) => !sheet.done && !sheet.problem && (sheet.sent < sheet.last || (sheet.ended && sheet.last > 0));

  async function round() {
    for (;;) {
      const next = (await store.sheets()).find(waiting);
      if (!next) return;
      await piece(next);
      await changed("sending");
    }
  }

  async function attempt() {
    clearTimeout(timer);
    try {
      await (navigator.locks ? navigator.locks.request("helmets-sending", round) : round());
      wait = SHORTEST_MS;
      await changed("");
    } catch (error) {
      if (!(error instanceof Away) && !(error instanceof SignedOut)) console.error(error);
      await changed(error instanceof SignedOut ? "signed-out" : "away");
      timer = setTimeout(send, wait);
      wait = Math.min(wait * 2, LONGEST_MS);
    }
  }

  async function send() {
    if (running) {
      again = true;
      return running;
    }
    running = attempt();
    await running;
    running = null;
    if (again) {
      again = false;
      return send();
    }
    return undefined;
  }

  return { send, refresh };
}
