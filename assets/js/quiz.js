// The quiz on a phone or a tablet: counts the time down and reads aloud. Without it every page works as it is.

const clock = document.querySelector("[data-clock]");
if (clock) {
  const ends = performance.now() + Number(clock.dataset.clock) * 1000;
  const tick = () => {
    const left = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
    const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    clock.textContent = clock.dataset.left.replace("{time}", time);
    if (left === 0) {
      // The server ended it: the page behind this address says what was reached.
      location.assign(location.pathname.replace(/\/(\d+|all)$/, ""));
      return;
    }
    setTimeout(tick, 500);
  };
  tick();
}

const speech = window.speechSynthesis;
const button = document.querySelector("[data-aloud]");
const mute = document.querySelector("[data-mute]");

function voice(language) {
  return speech.getVoices().find((each) => each.lang.replace("_", "-").startsWith(language.slice(0, 2)));
}

function offer() {
  const found = speech && voice(button.dataset.aloud);
  button.hidden = !found;
  mute.hidden = Boolean(found);
}

function say() {
  if (speech.speaking) {
    speech.cancel();
    return;
  }
  for (const part of document.querySelectorAll("[data-say]")) {
    const words = new SpeechSynthesisUtterance(part.textContent.trim());
    words.lang = button.dataset.aloud;
    words.voice = voice(words.lang) ?? null;
    words.rate = 0.9;
    speech.speak(words);
  }
}

if (button) {
  button.addEventListener("click", say);
  speech?.addEventListener?.("voiceschanged", offer);
  offer();
  window.addEventListener("pagehide", () => speech?.cancel());
}
