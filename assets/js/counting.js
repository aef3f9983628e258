// The counting page: one thumb, no network needed. A tap is kept first and shown then; sending is another matter.
import { canOpenAlone, keepPage } from "./offline/worker-ready.js";
import { countingSender } from "./parts/counting-send.js";
import { lastStanding, openLog, sums } from "./parts/counting-log.js";

const CODE_CHARACTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const KEEP_DONE_MS = 2 * 86400000;

const root = document.querySelector("[data-counting]");
const part = (name) => root.querySelector(`[data-${name}]`);
const say = (name, values = {}) =>
  Object.entries(values).reduce(
    (text, [key, value]) => text.replaceAll(`{${key}}`, value),
    root.dataset[`word${name[0].toUpperCase()}${name.slice(1)}`] ?? name,
  );

let log;
let sender;
let sheet = null;
let link = "";
const choice = { group: "delivery", role: "rider", company: "" };

const random = (length) => Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => CODE_CHARACTERS[byte & 31]).join("");

function fill(list, items, first) {
  const chosen = list.value;
  list.replaceChildren(...[first, ...items].map(([value, text]) => new Option(text, value)));
  if ([...list.options].some((option) => option.value === chosen)) list.value = chosen;
}

async function showFacts() {
  const facts = await log.facts();
  if (!facts) return;
  fill(part("site"), facts.sites.map(({ code, name, area }) => [code, `${area} · ${name}`]), ["", say("chooseSite")]);
  fill(part("company"), facts.companies.map(({ code, name }) => [code, name]), ["", say("anyCompany")]);
}

function minutesOf(one) {
  return Math.max(1, Math.ceil((one.until - one.started) / 60000));
}

function stateOf(one) {
  if (one.problem) return say("problem");
  if (one.done) return say("done");
  if (one.sent < one.last || one.ended) return say("unsent", { n: one.last - one.sent });
  return say("allSent");
}

async function showKept() {
  const kept = (await log.sheets()).sort((one, other) => other.started - one.started);
  const lines = kept.map((one) => {
    const line = document.createElement("li");
    const name = document.createElement("span");
    name.textContent = `${one.siteName} · ${new Date(one.started).toLocaleTimeString(root.dataset.locale, { hour: "2-digit", minute: "2-digit" })}`;
    const state = document.createElement("span");
    state.className = one.problem ? "state state-problem" : one.done ? "state state-done" : "state state-open";
    state.textContent = stateOf(one);
    line.append(name, " ", state);
    if (one.problem) {
      const reason = document.createElement("p");
      reason.textContent = one.problem;
      line.append(reason);
    }
    if (!one.ended) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-secondary";
      button.textContent = say("goOn");
      button.addEventListener("click", () => enter(one.key));
      line.append(" ", button);
    }
    return line;
  });
  part("kept").replaceChildren(...lines);
  part("kept-section").hidden = lines.length === 0;
  const waiting = kept.filter((one) => !one.done && one.last > 0 && (one.sent < one.last || one.ended));
  const open = waiting.reduce((total, one) => total + one.last - one.sent, 0);
  const status = part("status");
  const signedOut = link === "signed-out";
  status.textContent = signedOut ? say("signedOut", { n: open }) : waiting.length ? say(navigator.onLine && link !== "away" ? "unsent" : "offline", { n: open }) : say("allSent");
  status.dataset.state = waiting.length ? "waiting" : "sent";
  part("sign-in").hidden = !signedOut;
}

async function showCount() {
  const taps = await log.taps(sheet.key);
  const found = sums(taps);
  root.querySelectorAll("[data-cell]").forEach((cell) => (cell.textContent = found[cell.dataset.cell] ?? 0));
  root.querySelectorAll("[data-row]").forEach((row) => {
    if (row.dataset.row === `${choice.group}-${choice.role}`) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  });
  part("total").textContent = say("total", { n: found.all ?? 0 });
  const standing = lastStanding(taps);
  part("undo").disabled = !standing;
  part("summary").textContent = say("summary", { n: found.all ?? 0, minutes: minutesOf({ ...sheet, until: Date.now() }) });
}

function showScreen() {
  part("screen-start").hidden = Boolean(sheet);
  part("screen-count").hidden = !sheet;
  document.body.classList.toggle("is-counting", Boolean(sheet));
  if (!sheet) return;
  part("place").textContent = sheet.siteName;
  part("shared").textContent = sheet.code;
  window.scrollTo(0, 0);
}

async function changed(state) {
  link = state;
  await showKept();
}

async function enter(key) {
  sheet = (await log.sheets()).find((one) => one.key === key) ?? null;
  showScreen();
  if (sheet) await showCount();
}

async function start() {
  const facts = await log.facts();
  const site = facts?.sites.find((one) => one.code === part("site").value);
  const typed = part("code").value.replaceAll(/[\s-]/g, "").toUpperCase().replaceAll("O", "0").replaceAll(/[IL]/g, "1");
  const wrong = !site ? "needSite" : typed && !(typed.length === 4 && [...typed].every((one) => CODE_CHARACTERS.includes(one))) ? "needCode" : "";
  part("fault").textContent = wrong ? say(wrong) : "";
  part("fault").hidden = !wrong;
  if (wrong) return (wrong === "needSite" ? part("site") : part("code")).focus();
  const now = Date.now();
  const fresh = { key: crypto.randomUUID?.() ?? `sheet-${random(24)}`, site: site.code, siteName: site.name, code: typed || random(4), observer: facts.observer };
  await log.add({ ...fresh, started: now, until: now, last: 0, sent: 0, ended: false, done: false, problem: "", number: "" });
  part("code").value = "";
  navigator.storage?.persist?.();
  return enter(fresh.key);
}

async function tap(result) {
  const { group, role } = choice;
  await log.change(sheet.key, () => ({ group, role, company: group === "delivery" ? choice.company : "", result, step: 1 }));
  navigator.vibrate?.(20);
  part("said").textContent = say("counted", { what: say(`${group}-${role}`.replace(/-(\w)/, (_, letter) => letter.toUpperCase())), result: say(result) });
  await Promise.all([showCount(), showKept()]);
}

async function undo() {
  const taken = await log.change(sheet.key, (_, taps) => {
    const standing = lastStanding(taps);
    return standing ? { ...standing, step: -1 } : null;
  });
  if (!taken) return;
  navigator.vibrate?.([15, 60, 15]);
  part("said").textContent = say("undone", { what: say(`${taken.group}-${taken.role}`.replace(/-(\w)/, (_, letter) => letter.toUpperCase())), result: say(taken.result) });
  await Promise.all([showCount(), showKept()]);
}

async function finish() {
  const ending = sheet;
  sheet = null;
  if ((await log.taps(ending.key)).length === 0) await log.remove(ending.key);
  else {
    await log.change(ending.key, (kept) => {
      kept.ended = true;
      kept.until = Date.now();
      return null;
    });
  }
  showScreen();
  await showKept();
  sender.send();
}

function listen() {
  part("start").addEventListener("click", start);
  root.querySelectorAll("[data-result]").forEach((key) => key.addEventListener("click", () => tap(key.dataset.result)));
  root.querySelectorAll("[data-choice]").forEach((input) =>
    input.addEventListener("change", () => {
      choice[input.dataset.choice] = input.value;
      part("company-line").hidden = choice.group !== "delivery";
      showCount();
    }),
  );
  part("undo").addEventListener("click", undo);
  part("finish").addEventListener("click", () => part("dialog").showModal());
  part("dialog").addEventListener("close", () => part("dialog").returnValue === "finish" && finish());
  part("send").addEventListener("click", async () => {
    await Promise.all((await log.sheets()).map((one) => log.change(one.key, (kept) => void (kept.problem = ""))));
    await sender.send();
  });
  sender.start();
}

async function forgetOld() {
  const old = (await log.sheets()).filter((one) => one.done && one.until < Date.now() - KEEP_DONE_MS);
  await Promise.all(old.map((one) => log.remove(one.key)));
}

async function begin() {
  if (!root) return;
  try {
    log = await openLog();
  } catch {
    part("unable").hidden = false;
    return;
  }
  sender = countingSender({ log, factsUrl: root.dataset.factsUrl, sendUrl: root.dataset.sendUrl, changed });
  keepPage({ url: root.dataset.workerUrl, scope: root.dataset.scope });
  part("no-offline").hidden = canOpenAlone();
  await forgetOld();
  root.querySelectorAll("[data-choice]:checked").forEach((input) => (choice[input.dataset.choice] = input.value));
  listen();
  await showFacts();
  const open = (await log.sheets()).filter((one) => !one.ended).sort((one, other) => other.until - one.until)[0];
  if (open) await enter(open.key);
  else showScreen();
  await showKept();
  root.hidden = false;
  root.dataset.ready = "yes";
  try {
    await sender.refresh();
    await showFacts();
  } catch {
    await changed(navigator.onLine ? link : "away");
  }
  sender.send();
}

begin();
