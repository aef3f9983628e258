// Where the officer stands, where the phone tells: the nearest village and the places named near by are offered; none is
// required, and what is shown can be changed. Works without a network, from what the phone knows (`around`).
import { metres } from "./metres.js";

const HERE_M = 300;
const MOST_PLACES = 4;

// what records name: villages, and towns without any; as the field writes them
function labels({ names }) {
  const parents = new Set(names.map(([, , parent]) => parent));
  const told = names.filter(([, , , level], at) => level === "village" || (level === "town" && !parents.has(at)));
  return new Map(told.map(([code, name, parent]) => [code, `${parent >= 0 ? `${names[parent][1]} · ` : ""}${name} ${code}`]));
}

// A place named within some hundred metres says it best, else the village whose middle is nearest.
export function nearestVillage(around, here) {
  const known = labels(around);
  const named = around.recent.filter(([code, , latitude]) => latitude !== null && known.has(code)).map(([code, , ...at]) => [code, metres(here, at)]);
  const middles = Object.entries(around.centres).filter(([code]) => known.has(code)).map(([code, at]) => [code, metres(here, at)]);
  const nearest = (list) => list.sort((one, other) => one[1] - other[1])[0];
  const close = nearest(named);
  const found = close?.[1] <= HERE_M ? close : nearest(middles) ?? close;
  return found ? known.get(found[0]) : "";
}

// place names used in the village chosen, or near where one stands, the nearest or else the latest first
export function placesNear(around, village, here) {
  const known = labels(around);
  const code = village.trim().split(/\s+/).at(-1);
  const distance = ([, , ...at]) => (here && at[0] !== null ? metres(here, at) : Infinity);
  const fitting = around.recent.filter((row) => known.has(row[0]) && (row[0] === code || distance(row) <= HERE_M || !code));
  const sorted = fitting.map((row, at) => [row, at]).sort(([one, at], [other, then]) => (distance(one) === distance(other) ? at - then : distance(one) - distance(other)));
  return sorted.slice(0, MOST_PLACES).map(([[own, place]]) => ({ place, village: known.get(own) }));
}

export function where(form, around) {
  const field = (name) => form.elements.namedItem(name);
  const part = (name) => form.querySelector(`[data-${name}]`);
  const said = part("where-said");
  let here = null;

  function offer() {
    const keys = placesNear(around, field("area_code").value, here)
      .filter(({ place }) => place !== field("place").value)
      .map(({ place, village }) => {
        const key = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-secondary chip", textContent: place });
        key.addEventListener("click", () => {
          field("place").value = place;
          field("area_code").value = village;
          offer();
          field("place").dispatchEvent(new Event("input", { bubbles: true }));
        });
        return key;
      });
    part("near").replaceChildren(...keys);
    part("near").hidden = keys.length === 0;
  }

  // of a record that is put right the position is the one that it was made at
  function show(position, byHand) {
    if (!byHand && form.dataset.mends) return;
    const { latitude, longitude, accuracy } = position.coords;
    here = [latitude, longitude];
    field("latitude").value = latitude.toFixed(6);
    field("longitude").value = longitude.toFixed(6);
    const village = nearestVillage(around, here);
    if (village && (byHand || !field("area_code").value)) field("area_code").value = village;
    const text = village ? said.dataset.village.replace("{village}", village) : said.dataset.found;
    said.textContent = text.replace("{metres}", Math.round(accuracy));
    part("where-drop").hidden = false;
    offer();
  }

  function look(byHand) {
    const failed = () => byHand && (said.textContent = said.dataset.failed);
    navigator.geolocation.getCurrentPosition((position) => show(position, byHand), failed, { enableHighAccuracy: true, timeout: 10000, maximumAge: 60000 });
  }

  function drop() {
    here = null;
    field("latitude").value = field("longitude").value = said.textContent = "";
    part("where-drop").hidden = true;
    offer();
  }

  const lookQuietly = () =>
    navigator.permissions?.query({ name: "geolocation" }).then(({ state }) => state === "granted" && look(false)).catch(() => {});

  part("where-drop").addEventListener("click", drop);
  form.addEventListener("reset", () => {
    drop();
    if (navigator.geolocation) lookQuietly();
  });
  field("area_code").addEventListener("change", offer);
  field("area_code").addEventListener("blur", () => window.setTimeout(offer, 200));
  offer();
  if (!navigator.geolocation) return;
  part("where").hidden = false;
  part("where").addEventListener("click", () => look(true));
  lookQuietly();
}
