// Photos taken with a form: made smaller on the phone, seen as thumbnails, sent after the record (queue-send.js), or with
// the form where that says under which name (`data-with`). They are kept for as long as the page stays, whatever the
// server answers; with the form they go into the queue.
const LONGEST = 1600;
const QUALITY = 0.8;
const MOST = 6;

let taken = []; // of what is in the form: {key, blob, taken_at, url}

async function shrink(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", QUALITY));
}

const part = (form, name) => form.querySelector(`[data-${name}]`);
const inputs = (form) => [...form.querySelectorAll("[data-photo-input]")];
const most = (form) => Number(part(form, "photos").dataset.atMost ?? MOST);
const say = (form, name, values = {}) => Object.entries(values).reduce((text, [key, value]) => text.replaceAll(`{${key}}`, value), part(form, "photos").dataset[name]);

function draw(form) {
  const figures = taken.map((photo, at) => {
    const figure = document.createElement("figure");
    const picture = Object.assign(document.createElement("img"), { src: photo.url, alt: say(form, "one", { n: at + 1 }) });
    const remove = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-secondary", textContent: say(form, "remove") });
    remove.setAttribute("aria-label", say(form, "removeOne", { n: at + 1 }));
    remove.addEventListener("click", () => {
      URL.revokeObjectURL(photo.url);
      taken = taken.filter((other) => other !== photo);
      draw(form);
      inputs(form).at(-1).focus();
    });
    figure.append(picture, remove);
    return figure;
  });
  part(form, "thumbs").replaceChildren(...figures);
  inputs(form).forEach((input) => (input.disabled = taken.length >= most(form)));
  const announced = form.elements.namedItem("photos_announced");
  if (announced) announced.value = taken.length || "";
}

const add = (blob, key, taken_at) => taken.push({ key, blob, taken_at, url: URL.createObjectURL(blob) });

async function take(form, files) {
  const wrong = [];
  for (const file of [...files].slice(0, most(form) - taken.length)) {
    try {
      const at = new Date(file.lastModified || Date.now()).toISOString();
      add(await shrink(file), crypto.randomUUID().replaceAll("-", ""), at);
    } catch {
      wrong.push(file.name);
    }
  }
  const left = files.length > most(form) ? say(form, "most") : "";
  part(form, "photo-said").textContent = [wrong.length ? say(form, "wrong", { names: wrong.join(", ") }) : "", left].filter(Boolean).join(" ");
  draw(form);
}

export const takenPhotos = () => taken;

export function forgetPhotos() {
  taken.forEach(({ url }) => URL.revokeObjectURL(url));
  taken = [];
  const form = document.querySelector("[data-photos]")?.closest("form");
  if (form) draw(form);
}

// those of what is put right, from the queue
export function takeBack(form, photos) {
  forgetPhotos();
  if (!part(form, "photos")) return;
  photos.slice(0, most(form)).forEach(({ blob, key, taken_at }) => add(blob, key, taken_at));
  draw(form);
}

export function photos(form) {
  const field = part(form, "photos");
  if (!field || field.dataset.ready || !globalThis.createImageBitmap) return;
  field.dataset.ready = "yes";
  field.hidden = false;
  inputs(form).forEach((input) =>
    input.addEventListener("change", async () => {
      const files = [...input.files];
      input.value = ""; // the form has no file of its own: it can be sent and shown again
      await take(form, files);
    }),
  );
  const { with: name } = field.dataset;
  if (name) form.addEventListener("formdata", ({ formData }) => taken.forEach(({ blob, key }) => formData.append(name, blob, `${key}.jpg`)));
  draw(form);
}
