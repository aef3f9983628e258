// A plate typed without a place name is one of this district: its name is put before it, to be seen before it is sent.
const separators = /[\s\-‐-―−_.·．。]+/gu;
const bare = /^(?=(?:[A-Z]*[0-9]){3})[A-Z0-9]{4,8}$/;

export function plates(root) {
  root.addEventListener("change", ({ target }) => {
    const place = target.dataset?.platePlace;
    if (!place) return;
    const plate = target.value.normalize("NFKC").replace(separators, "").toUpperCase();
    if (bare.test(plate)) target.value = place + plate;
  });
}
