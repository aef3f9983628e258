// What waits on this phone, in words: how many, and each with its state; what was refused with the reason.
import { RECORD, REFUSED, SENT, WAITING, whatOf } from "../offline/queue.js";
import { open as askFirst } from "./confirm.js";

const say = (root, name, values = {}) =>
  Object.entries(values).reduce((text, [key, value]) => text.replaceAll(`{${key}}`, value), root.dataset[`word${name[0].toUpperCase()}${name.slice(1)}`] ?? name);

function element(name, attributes, ...children) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
}

const time = (root, at) => new Date(at).toLocaleString(root.dataset.locale, { day: "numeric", month: "numeric", hour: "2-digit", minute: "2-digit" });

const button = (text, act) => {
  const made = element("button", { type: "button", className: "btn btn-secondary", textContent: text });
  made.addEventListener("click", act);
  return made;
};

function badge(root, row, photos) {
  const [name, tone] = row.state === SENT ? (photos && whatOf(row) === RECORD ? ["photosWait", "open"] : ["sent", "done"]) : row.state === REFUSED ? ["refused", "problem"] : ["waits", "open"];
  return element("span", { className: `state state-${tone}`, textContent: say(root, name, { n: photos }) });
}

async function lineOf(root, box, row, { kinds, what, mend }) {
  const photos = await box.photosOf(row.key);
  const content = row.state === SENT ? null : await box.contentOf(row);
  const label = row.state === SENT ? row.told : content.label;
  const number = row.state === SENT ? [" ", element("a", { href: row.address, textContent: row.number })] : [];
  const line = element("li", {}, element("span", {}, `${label} · ${time(root, row.at)}`), " ", badge(root, row, photos.length), ...number);
  const faults = photos.map(({ problem }) => problem).filter(Boolean);
  const problem = row.state === REFUSED ? await box.problemOf(row) : null;
  [...(problem ? problem.message.split("\n") : []), ...faults].forEach((text) => line.append(element("p", { className: "field-error", textContent: text })));
  const drop = (question) => askFirst(say(root, question), say(root, "drop"), () => box.remove(row.key).then(() => root.dispatchEvent(new Event("kept"))));
  if (problem && mend && whatOf(row) === what) line.append(element("div", { className: "buttons" }, button(say(root, "mend"), () => mend(row, content, problem)), button(say(root, "drop"), () => drop("dropAsked"))));
  else if (problem) line.append(element("p", {}, element("a", { className: "btn btn-secondary", href: `${kinds[whatOf(row)]?.page ?? ""}#${row.key}`, textContent: say(root, "mend") })));
  else if (faults.length) line.append(element("div", { className: "buttons" }, button(say(root, "dropPhotos"), () => drop("dropPhotosAsked"))));
  return line;
}

function statusOf(root, link, waiting, photos) {
  if (!waiting && !photos) return say(root, "allSent");
  const count = waiting ? say(root, "count", { n: waiting }) : say(root, "countPhotos", { n: photos });
  if (link === "signed-out") return `${count} ${say(root, "signedOut")}`;
  return `${count} ${say(root, navigator.onLine && link !== "away" ? "sending" : "away")}`;
}

// link: "", "sending", "away", "signed-out"; kinds: {what: {page}}; mend(row, content, problem): where the form of `what` is
export async function showWaiting(root, box, { link, ...can }) {
  const rows = (await box.records()).sort((one, other) => other.at - one.at);
  const lines = await Promise.all(rows.map((row) => lineOf(root, box, row, can)));
  const part = (name) => root.querySelector(`[data-${name}]`);
  const waiting = rows.filter(({ state }) => state === WAITING).length;
  const refused = rows.filter(({ state }) => state === REFUSED).length;
  const photos = (await Promise.all(rows.filter(({ state }) => state === SENT).map(({ key }) => box.photosOf(key)))).flat().filter(({ problem }) => !problem).length;
  root.hidden = rows.length === 0;
  const status = [refused ? say(root, "countRefused", { n: refused }) : "", !refused || waiting || photos ? statusOf(root, link, waiting, photos) : ""];
  part("status").textContent = status.filter(Boolean).join(" ");
  root.dataset.state = refused ? "refused" : waiting || photos ? "waiting" : "sent";
  part("list").replaceChildren(...lines);
  if (refused) part("fold").open = true;
  part("sign-in").hidden = link !== "signed-out" || waiting + photos === 0;
  part("send").hidden = waiting + photos === 0 || !navigator.onLine || link === "signed-out";
}
