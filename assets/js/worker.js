// The one service worker: pages that are used where there is no network open without one. The server puts `self.KEPT`
// in front of this (trafficedu/core/installed.py). Keeps pages without anybody's name and the files they need; never
// an answer with data.
const { pages, instead, home, assets, cache } = self.KEPT;
const PAGES = "pages";
const PATIENCE_MS = 4000;
const FRESH_MS = 3600000;

async function isFresh(kept) {
  const found = await (await caches.open(PAGES)).match(kept);
  return found !== undefined && Date.now() - Date.parse(found.headers.get("Date")) < FRESH_MS;
}

// A page that cannot be opened now stays as it was kept. Where it leads to the sign-in page, that
// is not fetched: its answer would begin another session beside the one that somebody is signing in with.
async function keepPage(kept) {
  const answer = await fetch(kept, { credentials: "same-origin", redirect: "manual" });
  if (answer.ok) await (await caches.open(PAGES)).put(kept, answer);
  else await answer.body?.cancel(); // one that nobody reads holds its connection, and a browser has few
}

// each page says which of them its account may open: asked for others, the server would refuse, and note that
const keepPages = (copies) =>
  Promise.allSettled(
    Object.values(pages)
      .filter((kept) => copies.includes(kept))
      .map(async (kept) => (await isFresh(kept)) || keepPage(kept)),
  );

// what is kept of before names files of before
async function renewPages() {
  const known = (await (await caches.open(PAGES)).keys()).map(({ url }) => new URL(url).pathname);
  await Promise.allSettled(Object.values(pages).filter((kept) => known.includes(kept)).map(keepPage));
}

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      await (await caches.open(cache)).addAll(assets);
      await renewPages();
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const old = (await caches.keys()).filter((name) => name.startsWith("assets-") && name !== cache);
      await Promise.all(old.map((name) => caches.delete(name)));
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("message", (event) => event.data?.keep && event.waitUntil(keepPages(event.data.keep)));

async function fresh(request) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error("late")), PATIENCE_MS));
  const answer = await Promise.race([fetch(request), late]);
  if (answer.status >= 500) throw new Error(String(answer.status));
  return answer;
}

async function open(event, kept) {
  try {
    return await fresh(event.request);
  } catch {
    return (await caches.match(kept, { cacheName: PAGES })) ?? fetch(event.request);
  }
}

// a page of which there is one for each record: without a network the kept page of its kind opens, and is told which
async function standIn(request, page) {
  try {
    return await fresh(request);
  } catch {
    const known = await caches.match(pages[page], { cacheName: PAGES });
    return known ? Response.redirect(`${page}#${new URL(request.url).pathname}`) : fetch(request);
  }
}

const stands = (path) => Object.entries(instead).find(([pattern]) => new RegExp(`${pattern}$`).test(path))?.[1];

// without a network the first screen leads to the first of the pages that the phone keeps
async function first(request) {
  try {
    return await fetch(request);
  } catch {
    const known = (await (await caches.open(PAGES)).keys()).map(({ url }) => new URL(url).pathname);
    const [page] = Object.keys(pages).filter((each) => known.includes(pages[each]));
    return page ? Response.redirect(page) : Response.error();
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && pages[url.pathname]) event.respondWith(open(event, pages[url.pathname]));
  else if (request.mode === "navigate" && stands(url.pathname)) event.respondWith(standIn(request, stands(url.pathname)));
  else if (request.mode === "navigate" && url.pathname === home) event.respondWith(first(request));
  else if (assets.includes(url.pathname)) {
    event.respondWith(caches.match(request, { cacheName: cache }).then((found) => found ?? fetch(request)));
  }
});
