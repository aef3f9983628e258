// Charts are drawn when they come into the window: until then their place is kept. Their library is fetched a little before.
const NEAR = "300px";

let library; // once it is there
let turn = Promise.resolve(); // each in a task of its own: between them the page is drawn and answers
const watched = new WeakSet();
const figuresOf = (root) => [...root.querySelectorAll("figure[data-chart]")];
const drawn = (figure) => figure.classList.contains("drawn");
const pause = () => new Promise((go) => window.setTimeout(go));

function fetchLibrary(figure) {
  if (library || document.querySelector('link[rel="modulepreload"]')) return;
  document.head.append(Object.assign(document.createElement("link"), { rel: "modulepreload", href: figure.dataset.chart }));
}

function draw(figure) {
  const drawing = turn.then(async () => {
    library ??= await import(figure.dataset.chart);
    await pause();
    return library.draw(figure);
  });
  turn = drawing.catch(() => {}); // one that cannot be drawn holds up no other
  return drawing;
}

function watcher(rootMargin, act) {
  const watch = new IntersectionObserver(
    (entries) => {
      entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => {
        watch.unobserve(target);
        act(target);
      });
    },
    { rootMargin },
  );
  return watch;
}

const near = watcher(NEAR, fetchLibrary);
const seen = watcher("0px", draw);

export function chartsSeen(root) {
  figuresOf(root).forEach((figure) => {
    if (watched.has(figure)) return;
    watched.add(figure);
    near.observe(figure);
    seen.observe(figure);
    figure.querySelector(".chart-tools").addEventListener("click", async (event) => {
      const kind = event.target.closest("[data-chart-save]")?.dataset.chartSave;
      if (kind) (await draw(figure)).save(kind);
    });
  });
}

// paper waits for nothing: what cannot be drawn at once stands there as a table
window.addEventListener("beforeprint", () => {
  const missing = figuresOf(document).filter((figure) => !drawn(figure));
  if (library) missing.forEach(library.draw);
  else missing.forEach((figure) => (figure.querySelector("details").open = true));
});
