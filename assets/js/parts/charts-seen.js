// Charts are drawn when they come near the window: until then their place is kept and their library is not fetched.
const NEAR = "300px";

let library; // once it is there
const watched = new WeakSet();
const figuresOf = (root) => [...root.querySelectorAll("figure[data-chart]")];
const drawn = (figure) => figure.classList.contains("drawn");

async function draw(figure) {
  library ??= await import(figure.dataset.chart);
  return library.draw(figure);
}

const watch = new IntersectionObserver(
  (entries) => {
    entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => {
      watch.unobserve(target);
      draw(target);
    });
  },
  { rootMargin: NEAR },
);

export function chartsSeen(root) {
  figuresOf(root).forEach((figure) => {
    if (watched.has(figure)) return;
    watched.add(figure);
    watch.observe(figure);
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
