// A wall that has more to show than fits turns its leaves by itself: <div data-turn="12"> in seconds, a leaf a child.
export function turning(root) {
  const leaves = root.querySelector("[data-turn]");
  const seconds = Number(leaves?.dataset.turn);
  if (!(seconds > 0)) return;
  const number = root.querySelector("[data-turn-number]");
  const all = [...leaves.children];
  let shown = 0;
  window.setInterval(() => {
    all[shown].hidden = true;
    shown = (shown + 1) % all.length;
    all[shown].hidden = false;
    if (number) number.textContent = `${shown + 1} / ${all.length}`;
  }, seconds * 1000);
}
