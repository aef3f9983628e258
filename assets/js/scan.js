// Reading a code with the camera, or from a picture of it. Loaded when somebody taps the key for it; where the browser
// cannot read codes by itself, a worker does (scan-worker.js), which alone may run WebAssembly.
import { codeOf } from "./parts/codes.js";

export { codeOf };

const PAUSE_MS = 120;
const AGAIN_MS = 3000;
const WIDEST = 1280; // of a frame; a picture that was chosen may be finer
const FINEST = 2400;

function made(name, attributes, ...children) {
  const element = Object.assign(document.createElement(name), attributes);
  element.append(...children);
  return element;
}

async function ownReader() {
  if (!globalThis.BarcodeDetector) return null;
  const formats = await globalThis.BarcodeDetector.getSupportedFormats();
  if (!formats.includes("qr_code")) return null;
  const detector = new globalThis.BarcodeDetector({ formats: ["qr_code"] });
  return { read: async (source) => (await detector.detect(source)).map(({ rawValue }) => rawValue), close() {} };
}

function pixelsOf(source, most) {
  const [width, height] = [source.videoWidth ?? source.width, source.videoHeight ?? source.height];
  const scale = Math.min(1, most / Math.max(width, height));
  const canvas = made("canvas", { width: Math.round(width * scale), height: Math.round(height * scale) });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

function workersReader({ worker: address, wasm }) {
  const worker = new Worker(address, { type: "module" });
  let answer = () => {};
  let fail = () => {};
  worker.addEventListener("message", ({ data }) => answer(data));
  worker.addEventListener("error", (event) => fail(new Error(event.message)));
  const read = (source, most = WIDEST) =>
    new Promise((resolve, reject) => {
      answer = ({ texts, error }) => (error ? reject(new Error(error)) : resolve(texts));
      fail = reject;
      const pixels = pixelsOf(source, most);
      worker.postMessage({ pixels, wasm: new URL(wasm, window.location.href).href }, [pixels.data.buffer]);
    });
  return { read, close: () => worker.terminate() };
}

const open = async (words) => (await ownReader().catch(() => null)) ?? workersReader(words);

function dialogOf(words) {
  const said = made("p", { className: "scan-said" });
  said.setAttribute("role", "status");
  const video = made("video", { muted: true, playsInline: true, autoplay: true, hidden: true });
  video.setAttribute("aria-label", words.wordCamera);
  const file = made("input", { type: "file", accept: "image/*", id: "scan-file", className: "form-control" });
  const label = made("label", { htmlFor: "scan-file", className: "form-label", textContent: words.wordPicture });
  const close = made("button", { type: "submit", className: "btn btn-secondary", textContent: words.wordClose });
  const title = made("h2", { id: "scan-title", textContent: words.wordTitle });
  const form = made("form", { method: "dialog" }, title, video, said, label, file, made("div", { className: "buttons" }, close));
  const dialog = made("dialog", { className: "scan" }, form);
  dialog.setAttribute("aria-labelledby", title.id);
  return { dialog, video, said, file };
}

async function startCamera(video, said, words) {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: WIDEST } } });
    video.srcObject = stream;
    video.hidden = false;
    said.textContent = words.wordAim;
    await video.play();
    return stream;
  } catch (error) {
    said.textContent = error?.name === "NotAllowedError" ? words.wordRefused : words.wordNoCamera;
    return null;
  }
}

// Shows the dialog; `found` is told what the first code says that names a plate or a receipt. read: what a text says, {} for
// nothing; stays: code after code is read, each once while it is held out, beside a page that goes on.
export async function scan(words, found, { read = codeOf, stays = false } = {}) {
  const { dialog, video, said, file } = dialogOf(words);
  document.querySelectorAll("dialog.scan").forEach((old) => old.close());
  document.body.append(dialog);
  if (stays) {
    dialog.classList.add("scan-stays");
    dialog.show();
  } else dialog.showModal();
  const reader = await open(words);
  let stream = null;
  let going = true;

  const end = () => {
    going = false;
    stream?.getTracks().forEach((track) => track.stop());
    reader.close();
    dialog.remove();
  };
  dialog.addEventListener("close", end);

  let last = { said: "", at: 0 };

  // the code that is still held out was told already
  function isNew(code) {
    const again = last.said === JSON.stringify(code) && Date.now() - last.at < AGAIN_MS;
    last = { said: JSON.stringify(code), at: Date.now() };
    return !again;
  }

  function take(texts) {
    const code = texts.map(read).find((one) => Object.keys(one).length);
    if (!going || !texts.length) return false;
    if (!code) {
      said.textContent = words.wordNothing;
      return false;
    }
    if (stays) {
      if (isNew(code)) found(code);
      return true;
    }
    going = false;
    navigator.vibrate?.(60);
    dialog.close();
    found(code);
    return true;
  }

  file.addEventListener("change", async () => {
    if (!file.files[0]) return;
    try {
      const picture = await createImageBitmap(file.files[0]);
      const texts = await reader.read(picture, FINEST);
      picture.close();
      if (!texts.length) said.textContent = words.wordNoCode;
      take(texts);
    } catch {
      said.textContent = words.wordNoCode;
    }
    file.value = "";
  });

  stream = await startCamera(video, said, words);
  if (!going) return end(); // closed while the browser was asking
  while (going && stream) {
    if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
      try {
        take(await reader.read(video));
      } catch {
        said.textContent = words.wordUnable;
        return undefined;
      }
    }
    await new Promise((resolve) => window.setTimeout(resolve, PAUSE_MS));
  }
  return undefined;
}
