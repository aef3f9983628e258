// Sends what waits on the phone, as often as it takes: when the page opens, when the network is back, when the page is
// looked at, and every few seconds; one window at a time. What is sent twice has to count once: that is the server's.
const EVERY_MS = 15000;
const [SHORTEST_MS, LONGEST_MS] = [5000, 60000];
const PATIENCE_MS = 60000;

export class Away extends Error {}
export class SignedOut extends Error {}

// What was answered: {ok, status, told}. An answer that broke off half-way was none, and nor is a page that says yes: a
// network that wants a sign-in of its own answers everything with one.
async function ask(url, options = {}, denies = false) {
  let answer;
  let text;
  try {
    answer = await fetch(url, { credentials: "same-origin", redirect: "manual", signal: AbortSignal.timeout?.(PATIENCE_MS), ...options });
    text = await answer.text();
  } catch {
    throw new Away();
  }
  const { ok, status } = answer;
  if (answer.type === "opaqueredirect" || status === 401 || (status === 403 && !denies)) throw new SignedOut();
  if (status >= 500 || status === 429) throw new Away();
  try {
    return { ok, status, told: JSON.parse(text) };
  } catch {
    if (ok) throw new Away();
    return { ok, status, told: {} };
  }
}

const written = (body) => (body instanceof FormData ? [body, {}] : [JSON.stringify(body), { "Content-Type": "application/json" }]);

// lock: one name for all windows; learn: keeps what the server says the page needs to know (with a token);
// round: sends all that waits by the `post` it is given; changed: told "sending", "", "away" or "signed-out"
export function makeSender({ lock, factsUrl, learn, round, changed }) {
  let token = null;
  let running = null;
  let again = false;
  let timer = 0;
  let wait = SHORTEST_MS;

  async function refresh() {
    const { told: facts } = await ask(factsUrl);
    token = facts.token;
    await learn(facts);
  }

  // denies: whether 403 is an answer about what was sent, not about who sent it
  async function post(url, body, denies = false) {
    if (!token) await refresh();
    const once = () => {
      const [text, headers] = written(body);
      return ask(url, { method: "POST", headers: { ...headers, "X-CSRFToken": token, Accept: "application/json" }, body: text }, denies);
    };
    const answer = await once();
    if (answer.status !== 400) return answer;
    await refresh(); // the token ended with the former session
    return once();
  }

  async function attempt() {
    clearTimeout(timer);
    const turn = () => round({ post, refresh });
    try {
      await (navigator.locks ? navigator.locks.request(lock, turn) : turn());
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

  function start() {
    window.addEventListener("online", () => send());
    window.addEventListener("offline", () => changed("away"));
    document.addEventListener("visibilitychange", () => send());
    setInterval(() => send(), EVERY_MS);
  }

  return { send, refresh, start };
}
