// The names of places, and which of them what is typed may mean. A file of names is asked for once a page and kept by
// the browser, or by a service worker: its address says whose names it holds. Knows nothing of fields.
const files = new Map();

// rows of the file: code, name, the place of the parent in the file (-1: none), level; parents come first
function prepare(rows) {
  const places = [];
  for (const [code, name, parent, level] of rows) {
    const above = places[parent]?.name ?? "";
    if (parent >= 0) places[parent].below += 1;
    const label = above ? `${above} · ${name}` : name;
    places.push({ code, name, level, above, label, below: 0, text: `${above} ${name} ${code}`.toLowerCase() });
  }
  return places;
}

async function read(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(String(answer.status));
  return prepare(await answer.json());
}

// without a network: the places that the page knows, where it knows any
function known() {
  return new Promise((resolve, reject) => {
    const asked = new CustomEvent("places-unreachable", { cancelable: true, detail: { give: (rows) => resolve(prepare(rows)) } });
    if (document.dispatchEvent(asked)) reject(new Error("nobody knows"));
  });
}

export function placesAt(address) {
  if (!files.has(address)) {
    const reading = read(address).catch(() => {
      files.delete(address); // the next field asks again
      return known();
    });
    files.set(address, reading);
  }
  return files.get(address);
}

// offers: "" for all, levels, or "recorded" for what records name: villages, and towns without any
function offered(place, offers) {
  if (offers === "recorded") return place.level === "village" || (place.level === "town" && !place.below);
  return !offers || offers.split(" ").includes(place.level);
}

function nearness(place, word) {
  if (place.name.toLowerCase() === word || place.code === word) return 0;
  if (place.name.toLowerCase().startsWith(word)) return 1;
  return place.name.toLowerCase().includes(word) ? 2 : 3;
}

// Of what is typed each word is a part of the name, of the name above it, or of the code; the nearest names come first.
// Before anything is typed: all of a short list, else the towns by which it can be narrowed ({ place, narrows }), and
// those to choose that have nothing below them.
export function find(places, typed, offers, most) {
  const choice = places.filter((place) => offered(place, offers));
  const words = typed.toLowerCase().split(/[\s·]+/).filter(Boolean);
  if (words.length) {
    const hits = choice.filter((place) => words.every((word) => place.text.includes(word)));
    const last = words[words.length - 1];
    return hits.sort((a, b) => nearness(a, last) - nearness(b, last)).map((place) => ({ place, narrows: false }));
  }
  if (choice.length <= most) return choice.map((place) => ({ place, narrows: false }));
  const above = new Set(choice.map((place) => place.above));
  return places
    .filter((place) => (place.below ? above.has(place.name) : place.level !== "village" && offered(place, offers)))
    .map((place) => ({ place, narrows: !offered(place, offers) }));
}
