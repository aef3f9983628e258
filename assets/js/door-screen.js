// The station's screen: shows the code of now, and asks for the next one when that is over.
const root = document.querySelector("[data-screen]");
const part = (name) => root.querySelector(`[data-${name}]`);
const AGAIN_MS = 3000;

let ends = Date.now() + Number(root.dataset.seconds) * 1000;
let asking = false;

async function ask() {
  asking = true;
  try {
    const answer = await fetch(root.dataset.screen, { cache: "no-store", redirect: "manual" });
    if (!answer.ok) throw new Error(String(answer.status));
    const { code, why, seconds, here, total } = await answer.json();
    part("code").innerHTML = code;
    part("why").textContent = why;
    part("here").textContent = `${here} / ${total}`;
    part("stopped").hidden = true;
    ends = Date.now() + seconds * 1000;
  } catch {
    part("stopped").hidden = false;
    part("code").replaceChildren(); // an old code would be refused
    ends = Date.now() + AGAIN_MS;
  }
  asking = false;
}

window.setInterval(() => {
  const left = Math.max(0, (ends - Date.now()) / 1000);
  part("left").value = left;
  if (left <= 0 && !asking) ask();
}, 250);
