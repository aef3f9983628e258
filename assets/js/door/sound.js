// What came of it, to the ear: rising for done, one level tone for what is done already, falling for what cannot be.
// Made by the browser; no file, no network.
const TUNES = { done: [[880, 0.09], [1320, 0.14]], open: [[660, 0.16]], problem: [[330, 0.16], [220, 0.26]] };
const LOUD = 0.2;

let context = null;

export function play(tone) {
  try {
    context ??= new AudioContext();
    if (context.state === "suspended") context.resume();
    let at = context.currentTime;
    for (const [hertz, seconds] of TUNES[tone] ?? TUNES.open) {
      const [wave, level] = [context.createOscillator(), context.createGain()];
      wave.frequency.value = hertz;
      wave.type = tone === "problem" ? "square" : "sine";
      level.gain.setValueAtTime(LOUD, at);
      level.gain.exponentialRampToValueAtTime(0.001, at + seconds);
      wave.connect(level).connect(context.destination);
      wave.start(at);
      wave.stop(at + seconds);
      at += seconds;
    }
  } catch {
    // a browser without sound answers by colour and word
  }
}
