// The player of films at home. Time counts on the server: this script says every few seconds whether the film runs, and
// does what it is told. It stops while the page is hidden, while there is no network and while a question waits.

const root = document.querySelector("[data-film]");
const find = (name) => root.querySelector(`[data-${name}]`);
const speech = window.speechSynthesis;
const TICK_MS = 250;
const RETRY_MS = 4000;

function randomRun() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const state = { run: "", segment: null, elapsed: 0, playing: false, last: 0, beaten: 0, busy: false, ending: false, asked: 0, spoken: -1 };
const language = root?.dataset.language ?? "";
const video = root && find("video");

function note(text) {
  find("note").textContent = text;
  find("note").hidden = !text;
}

const voice = () => speech?.getVoices().find((each) => each.lang.replace("_", "-").startsWith(language.slice(0, 2)));

function say(text) {
  speech.cancel();
  const words = new SpeechSynthesisUtterance(text);
  words.lang = language;
  words.voice = voice() ?? null;
  words.rate = 0.9;
  speech.speak(words);
}

const speaks = () => Boolean(voice()) && !video && find("aloud").getAttribute("aria-pressed") === "true";

// One word at a time: on a slow network an answer that came late would undo what was told after it.
let turn = Promise.resolve();
let unanswered = 0;

function post(step, fields) {
  const body = new URLSearchParams({ ...fields, run: state.run, csrf_token: root.dataset.token });
  const mine = turn.then(() => send(step, body)).finally(() => (unanswered -= 1));
  unanswered += 1;
  turn = mine.catch(() => {});
  return mine;
}

async function send(step, body) {
  const spoken = document.documentElement.lang.slice(0, 2);
  const answer = await fetch(`${root.dataset.base}/${step}?lang=${spoken}`, { method: "POST", body, headers: { Accept: "application/json" }, signal: AbortSignal.timeout?.(12000) });
  if (answer.status >= 500 || answer.status === 429) throw new Error("try again");
  const told = await answer.json().catch(() => ({}));
  return { ok: answer.ok, known: answer.ok || "stops" in told, ...told };
}

const length = () => Number(state.segment.dataset.ends) - Number(state.segment.dataset.begins);

function draw() {
  const left = Math.max(0, Math.ceil(length() - state.elapsed));
  find("progress").max = length();
  find("progress").value = Math.min(state.elapsed, length());
  find("left").textContent = root.dataset.wordTime.replace("{time}", `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`);
  const sentences = [...state.segment.querySelectorAll("[data-sentence]")];
  const now = Math.min(sentences.length - 1, Math.floor((state.elapsed / length()) * sentences.length));
  sentences.forEach((sentence, place) => sentence.classList.toggle("film-now", place === now));
  if (now !== state.spoken && state.playing && sentences[now]) {
    state.spoken = now;
    if (!video) sentences[now].scrollIntoView({ block: "nearest" });
    if (speaks()) say(sentences[now].textContent.trim());
  }
}

function place(position, counted) {
  root.querySelectorAll("[data-segment]").forEach((each) => (each.hidden = Number(each.dataset.segment) !== position));
  root.querySelectorAll("[data-step]").forEach((each) => {
    each.toggleAttribute("data-seen", Number(each.dataset.step) < position || each.hasAttribute("data-seen"));
    each.toggleAttribute("data-now", Number(each.dataset.step) === position);
  });
  state.segment = root.querySelector(`[data-segment="${position}"]`);
  state.elapsed = counted;
  state.spoken = -1;
  const begins = find("stage").hidden;
  find("stage").hidden = find("progress").hidden = find("left").hidden = false;
  if (begins) find("stage").scrollIntoView({ block: "start" });
  if (video) video.currentTime = Number(state.segment.dataset.begins) + counted;
  draw();
}

function show(playing) {
  state.playing = playing;
  state.last = performance.now();
  find("play").textContent = playing ? root.dataset.wordPause : root.dataset.wordPlay;
  root.classList.toggle("film-runs", playing);
  if (playing) video?.play().catch(() => stop(""));
  else {
    video?.pause();
    speech?.cancel();
  }
}

async function play() {
  note("");
  if (state.busy) return;
  state.busy = true;
  try {
    if (!state.run) {
      state.run = randomRun();
      const told = await post("begin", {});
      if (!told.ok) return refuse(told);
      place(told.position, told.counted);
      if (told.check) return ask(told.check);
    }
    const told = await post("beat", { playing: "1" });
    if (!told.ok) return refuse(told);
    follow(told);
    if (!told.check && !told.repeats && !told.over) show(true);
    state.beaten = performance.now();
  } catch {
    if (!state.segment) state.run = "";
    wait();
  } finally {
    state.busy = false;
  }
}

// a refusal of the server stands on the page; what another phone took over begins anew with the next press
function refuse(told) {
  show(false);
  state.run = "";
  state.ending = false;
  close();
  note(told.known ? told.message : root.dataset.wordLost);
}

function stop(text) {
  show(false);
  note(text);
  post("beat", { playing: "0" }).catch(() => {});
}

// no network: the film stands still, and goes on by itself
function wait() {
  show(false);
  note(root.dataset.wordNetwork);
  setTimeout(() => (document.hidden ? note(root.dataset.wordHidden) : play()), RETRY_MS);
}

function follow(told) {
  if (told.over) return location.reload();
  const position = Number(state.segment.dataset.segment);
  if (told.repeats) {
    close();
    place(told.position, 0);
    show(false);
    return note(told.message);
  }
  if (told.position !== position) place(told.position, told.counted);
  else if (!video && Math.abs(told.counted - state.elapsed) > 3) state.elapsed = told.counted;
  if (told.check) ask(told.check);
}

async function beat() {
  state.beaten = performance.now();
  try {
    const told = await post("beat", { playing: state.playing ? "1" : "0" });
    if (told.ok) follow(told);
    else refuse(told);
  } catch {
    wait();
  }
}

async function end() {
  state.ending = true;
  try {
    const told = await post("end", { position: state.segment.dataset.segment });
    state.ending = false;
    if (told.ok) {
      const next = !told.check && !told.repeats;
      follow(told);
      if (next && !told.over) beat();
    } else if (told.left) {
      state.elapsed = Math.max(0, length() - told.left);
      if (video) video.currentTime = Number(state.segment.dataset.begins) + state.elapsed;
      if (state.playing) show(true);
      beat();
    } else refuse(told);
  } catch {
    state.ending = false;
    wait();
  }
}

function ask(check) {
  show(false);
  const dialog = find("check");
  find("wanted").textContent = check.said;
  find("wrong").hidden = true;
  find("offers").replaceChildren(
    ...check.pictures.map((picture, place) => {
      const key = Object.assign(document.createElement("button"), { type: "button", className: "film-offer" });
      key.append(Object.assign(new Image(160, 160), { src: picture.url, alt: root.dataset.wordPicture.replace("{number}", place + 1) }));
      key.dataset.picture = picture.name;
      key.addEventListener("click", () => tap(picture.name));
      return key;
    }),
  );
  state.asked = performance.now() + check.seconds * 1000;
  if (!dialog.open) dialog.showModal();
  if (speaks()) say(check.said);
}

function close() {
  state.asked = 0;
  find("check").close();
}

async function tap(name) {
  if (state.busy) return;
  state.busy = true;
  try {
    const told = await post("check", { picture: name });
    if (!told.ok) return refuse(told);
    if (told.wrong) {
      ask(told.check);
      find("wrong").textContent = told.message;
      find("wrong").hidden = false;
      return;
    }
    close();
    follow(told);
    if (!told.repeats) setTimeout(play, 0);
  } catch {
    find("wrong").textContent = root.dataset.wordNetwork;
    find("wrong").hidden = false;
  } finally {
    state.busy = false;
  }
}

function tick() {
  setTimeout(tick, TICK_MS);
  const now = performance.now();
  if (find("check").open) {
    const left = Math.ceil((state.asked - now) / 1000);
    find("seconds").textContent = root.dataset.wordLeft.replace("{seconds}", Math.max(0, left));
    if (left < -2 && !unanswered && now - state.beaten > RETRY_MS) beat();
    return;
  }
  if (!state.playing || state.ending) return;
  const passed = (now - state.last) / 1000;
  state.last = now;
  state.elapsed = video ? Math.max(0, video.currentTime - Number(state.segment.dataset.begins)) : state.elapsed + Math.min(passed, 1);
  draw();
  if (state.elapsed >= length()) end();
  else if (!unanswered && now - state.beaten > Number(root.dataset.beat) * 1000) beat();
}

if (root && find("play")) {
  find("play").addEventListener("click", () => (state.playing ? stop("") : play()));
  find("check").addEventListener("cancel", (event) => event.preventDefault());
  // the second press of the back key closes it all the same, and the film would stand still without a word
  find("check").addEventListener("close", () => state.asked && !find("check").open && find("check").showModal());
  find("say").addEventListener("click", () => say(find("wanted").textContent));
  find("aloud").addEventListener("click", (event) => {
    const on = event.currentTarget.getAttribute("aria-pressed") !== "true";
    event.currentTarget.setAttribute("aria-pressed", String(on));
    if (!on) speech.cancel();
  });
  const offer = () => {
    find("aloud").hidden = Boolean(video) || !voice();
    find("say").hidden = !voice();
  };
  speech?.addEventListener?.("voiceschanged", offer);
  offer();
  document.addEventListener("visibilitychange", () => document.hidden && state.playing && stop(root.dataset.wordHidden));
  window.addEventListener("pagehide", () => speech?.cancel());
  if (video) {
    // nobody winds forward: what is before the place reached may be seen again
    video.addEventListener("ratechange", () => video.playbackRate !== 1 && (video.playbackRate = 1));
    video.addEventListener("contextmenu", (event) => event.preventDefault());
    video.addEventListener("ended", () => state.playing && !state.ending && end());
  }
  tick();
}
