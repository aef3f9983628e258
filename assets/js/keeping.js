// Service worker of the counting page: it opens without a network. The server puts `self.KEPT` in front of this.
// Keeps the page without anybody's name, and the files it needs; never an answer with data.
const { page, kept, assets, cache } = self.KEPT;
const PATIENCE_MS = 4000;

async function keepPage() {
  const answer = await fetch(kept, { credentials: "same-origin" });
  if (!answer.ok || answer.redirected) throw new Error("the page cannot be kept now");
  await (await caches.open(cache)).put(kept, answer);
}

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      await (await caches.open(cache)).addAll(assets);
      await keepPage();
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const old = (await caches.keys()).filter((name) => name.startsWith("helmets-") && name !== cache);
      await Promise.all(old.map((name) => caches.delete(name)));
      await self.clients.claim();
    })(),
  );
});

async function fresh(request) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error("late")), PATIENCE_MS));
  const answer = await Promise.race([fetch(request), late]);
  if (answer.status >= 500) throw new Error(String(answer.status));
  return answer;
}

async function open(event) {
  try {
    const answer = await fresh(event.request);
    if (answer.ok) event.waitUntil(keepPage().catch(() => {}));
    return answer;
  } catch {
    return (await caches.match(kept)) ?? Response.error();
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && url.pathname === page) event.respondWith(open(event));
  else if (assets.includes(url.pathname)) {
    event.respondWith(caches.match(request).then((found) => found ?? fetch(request)));
  }
});
