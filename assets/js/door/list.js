// The lines of the list: found while somebody types, drawn anew one by one, never moved.
const plain = (text) => text.normalize("NFKC").replace(/[\p{Cf}\p{Z}]/gu, "").toLowerCase();
const CODE = /:\/\/|(?:^|[^0-9a-z])[vtcd][0-9a-z]{11}(?![0-9a-z])/i;

export const isCode = (text) => CODE.test(text.trim());
export const rowsOf = () => [...document.querySelectorAll("[data-rows] > [data-task]")];
export const rowOf = (task) => document.querySelector(`[data-rows] > [data-task="${CSS.escape(task)}"]`);

// who is meant: by the beginning of one of the words of a line, or of a Chinese name by any part of it
export function meant(text) {
  const typed = plain(text);
  if (!typed || isCode(text)) return rowsOf();
  const latin = /^[\x20-\x7e]*$/.test(typed);
  return rowsOf().filter(({ dataset }) => dataset.find.includes(latin ? `|${typed}` : typed));
}

export function narrow(text) {
  const fits = new Set(meant(text));
  rowsOf().forEach((row) => (row.hidden = !fits.has(row)));
  const none = document.querySelector("[data-none]");
  if (none) none.hidden = fits.size > 0;
  return [...fits];
}

export function made(html) {
  return Object.assign(document.createElement("template"), { innerHTML: html.trim() }).content.firstElementChild;
}

// a line that is open, or in which somebody is, stays as it is until they have left it
const isBusy = (row) => row.contains(document.activeElement) && row.querySelector("details[open]");

export function put(html) {
  const fresh = made(html);
  if (!fresh) return null;
  const old = rowOf(fresh.dataset.task);
  if (old && isBusy(old)) return null;
  const focused = old?.contains(document.activeElement);
  fresh.hidden = old?.hidden ?? false;
  if (old) old.replaceWith(fresh);
  if (focused) (fresh.querySelector("button") ?? fresh.querySelector("a"))?.focus({ preventScroll: true });
  return fresh;
}

// new lines go where the order says; those there stay where they are
export function arrange(order, rows) {
  Object.values(rows).forEach(put);
  const body = document.querySelector("[data-rows]");
  if (!body) return;
  rowsOf().filter(({ dataset }) => !order.includes(dataset.task)).forEach((row) => row.remove());
  order.forEach((task, at) => {
    if (!rowOf(task) && rows[task]) body.insertBefore(made(rows[task]), body.children[at] ?? null);
  });
}

export function flash(row) {
  row?.classList.add("is-fresh");
  window.setTimeout(() => row?.classList.remove("is-fresh"), 1200);
}
