// What is being pressed stays where it is: a page that draws itself anew waits until the finger is lifted and the click
// has been done. Otherwise the key is another one by then, and the press is lost.
let isDown = false;
let waiting = [];

document.addEventListener("pointerdown", () => (isDown = true), true);
for (const end of ["pointerup", "pointercancel"]) {
  document.addEventListener(
    end,
    () => {
      isDown = false;
      const now = waiting;
      waiting = [];
      window.setTimeout(() => now.forEach((go) => go())); // the click comes after this
    },
    true,
  );
}

export const lifted = () => (isDown ? new Promise((go) => waiting.push(go)) : Promise.resolve());
