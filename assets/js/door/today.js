// The page that opens without a network: today's lists as this device keeps them; each tap is kept, and sent later.
import { known, serversNow } from "./clock.js";
import { knownLists, learnLists, tapsOf } from "./away.js";

const WORDS = { waiting: "Kept", refused: "Refused", sent: "Sent" };
const TONES = { waiting: "open", refused: "problem", sent: "done" };

const part = (name) => document.querySelector(`[data-${name}]`);
const say = (name) => document.querySelector("[data-door]").dataset[`word${name}`];

function element(name, attributes, ...children) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
}

const isOpen = ({ opens, closes }) => serversNow() >= Date.parse(opens) && serversNow() < Date.parse(closes);

// tap(study, rider): keeps it
export async function todayPage({ box, factsUrl, kept, tap }) {
  let lists = [];
  let chosen = "";

  function lineOf(study, rider, state) {
    const waits = state ? element("span", { className: `state state-${TONES[state]}`, textContent: say(WORDS[state]) }) : null;
    const said = waits ?? element("span", { className: `state${rider.expected ? "" : " state-done"}`, textContent: rider.said });
    const key = element("button", { type: "button", className: "btn btn-primary", textContent: say("CheckIn") });
    key.addEventListener("click", () => tap(study, rider));
    const open = rider.expected && !state && isOpen(study);
    const line = element(
      "tr",
      { id: rider.task },
      element("th", { scope: "row", textContent: rider.name || rider.task }),
      element("td", { className: "door-four", textContent: rider.four }),
      element("td", { className: "door-state" }, said),
      element("td", { className: "door-keys" }, ...(open ? [element("div", { className: "door-line" }, key)] : [])),
    );
    Object.assign(line.dataset, { task: rider.task, find: rider.find, name: rider.name });
    return line;
  }

  async function draw() {
    const study = lists.find(({ number }) => number === chosen);
    if (!study) return;
    const taps = await tapsOf(box);
    part("rows").replaceChildren(...study.riders.map((rider) => lineOf(study, rider, taps.get(`${study.number} ${rider.task}`))));
    document.dispatchEvent(new Event("list-drawn"));
  }

  function choose() {
    const named = /\/sessions\/([^/]+)\//.exec(window.location.hash)?.[1];
    const field = part("choose");
    field.replaceChildren(...lists.map(({ number, starts, course }) => element("option", { value: number, textContent: `${starts} · ${course}` })));
    chosen = (lists.find(({ number }) => number === named) ?? lists.find(isOpen) ?? lists[0])?.number ?? "";
    field.value = chosen;
  }

  async function load() {
    if (!kept) lists = (await learnLists(box, factsUrl).catch(() => null)) ?? [];
    const found = await knownLists(box);
    if (!lists.length) lists = found?.value ?? [];
    part("empty").hidden = lists.length > 0 || !kept;
    part("away").hidden = !lists.length || (!kept && navigator.onLine);
    if (found) part("as-of").textContent = say("AsOf").replace("{when}", new Date(found.at - (known() ?? 0)).toLocaleString(document.documentElement.lang, { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "short" }));
    choose();
    await draw();
  }

  part("choose").addEventListener("change", ({ target }) => {
    chosen = target.value;
    draw();
  });
  window.addEventListener("offline", () => (part("away").hidden = !lists.length));
  document.addEventListener("queue-changed", () => draw());
  await load();
  return { draw, session: () => chosen };
}
