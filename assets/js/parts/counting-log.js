// The log of taps on this phone. A tap is on the disk ("strict") before anybody is told that it was counted.
// Holds sites, codes and counts; nobody's name, no plate, no place of the phone.
import { STRICT, openStore } from "../offline/store.js";

export async function openLog() {
  const database = await openStore("helmets", 1, (fresh) => {
    fresh.createObjectStore("sheets", { keyPath: "key" });
    fresh.createObjectStore("taps", { keyPath: ["key", "sequence"] });
    fresh.createObjectStore("facts", { keyPath: "name" });
  });
  const ofSheet = (key) => IDBKeyRange.bound([key, 0], [key, Infinity]);

  // Changes one sheet in one transaction; `edit` gets the sheet and its taps and returns a tap to add, or nothing.
  async function change(key, edit) {
    const transaction = database.transaction(["sheets", "taps"], "readwrite", STRICT);
    const [sheets, taps] = ["sheets", "taps"].map((name) => transaction.objectStore(name));
    const sheet = await sheets.get(key);
    if (!sheet) return null;
    const tap = edit(sheet, await taps.getAll(ofSheet(key)));
    if (tap) {
      sheet.last += 1;
      sheet.until = Date.now();
      taps.put({ ...tap, key, sequence: sheet.last });
    }
    sheets.put(sheet);
    await transaction.done;
    return tap;
  }

  async function dropTaps(key, alsoSheet = false) {
    const transaction = database.transaction(["sheets", "taps"], "readwrite", STRICT);
    if (alsoSheet) transaction.objectStore("sheets").delete(key);
    transaction.objectStore("taps").delete(ofSheet(key));
    await transaction.done;
  }

  async function add(sheet) {
    const transaction = database.transaction("sheets", "readwrite", STRICT);
    transaction.store.put(sheet);
    await transaction.done;
  }

  return {
    change,
    add,
    dropTaps,
    remove: (key) => dropTaps(key, true),
    saveFacts: (facts) => database.put("facts", { ...facts, name: "facts" }),
    facts: () => database.get("facts", "facts"),
    sheets: () => database.getAll("sheets"),
    taps: (key) => database.getAll("taps", ofSheet(key)),
  };
}

// The last tap that still counts: a tap taken back takes the one before it off the pile.
export function lastStanding(taps) {
  const pile = [];
  taps.forEach((tap) => (tap.step > 0 ? pile.push(tap) : pile.pop()));
  return pile.at(-1) ?? null;
}

export function sums(taps) {
  const found = {};
  taps.forEach(({ group, role, result, step }) => {
    const cell = `${group}-${role}-${result}`;
    found[cell] = (found[cell] ?? 0) + step;
    found.all = (found.all ?? 0) + step;
  });
  return found;
}
