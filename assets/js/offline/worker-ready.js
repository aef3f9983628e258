// The page is kept by one service worker for the whole service (assets/js/worker.js), so that it opens without a network.
const FORMER = /\/helmets\/worker\.js$/;
const KEPT_FOR = "kept-for";

async function leaveFormer() {
  const registrations = await navigator.serviceWorker.getRegistrations();
  const former = registrations.filter(({ active, waiting, installing }) => FORMER.test((active ?? waiting ?? installing)?.scriptURL ?? ""));
  await Promise.all(former.map((one) => one.unregister()));
  const caches_ = (await caches.keys()).filter((name) => name.startsWith("helmets-"));
  await Promise.all(caches_.map((name) => caches.delete(name)));
}

// the copies of pages that whoever is signed in may keep, as this page names them
const wanted = () => ({ keep: (document.body.dataset.keeps ?? "").split(" ").filter(Boolean) });

export const canOpenAlone = () => "serviceWorker" in navigator;

// pages kept for somebody else, or in another language, are not shown to who is here now
export async function forgetKeptPages() {
  if (globalThis.caches) await caches.delete("pages");
}

// on every page: whoever signed in on this phone last is whose pages it keeps
export function keepForAccount() {
  const { account } = document.body.dataset;
  if (!account) return;
  const whose = `${account} ${document.documentElement.lang}`;
  try {
    if (localStorage.getItem(KEPT_FOR) === whose) return;
    localStorage.setItem(KEPT_FOR, whose);
  } catch {
    return; // no storage, so nothing is kept either
  }
  forgetKeptPages()
    .then(() => navigator.serviceWorker?.controller?.postMessage(wanted()))
    .catch(() => {});
}

export async function keepPage({ url, scope }) {
  if (!canOpenAlone()) return false;
  try {
    await leaveFormer();
    await navigator.serviceWorker.register(url, { scope, updateViaCache: "none" });
    const { active } = await navigator.serviceWorker.ready;
    active.postMessage(wanted());
    return true;
  } catch {
    return false;
  }
}
