// The log of taps on this phone. A tap is on the disk ("strict") before anybody is told that it was counted.
// Holds sites, codes and counts; nobody's name, no plate, no place of the phone.
const STRICT = { durability: "strict" };

function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function done(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
}

export async function openStore() {
  const opening = indexedDB.open("helmets", 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore("sheets", { keyPath: "key" });
    opening.result.createObjectStore("taps", { keyPath: ["key", "sequence"] });
    opening.result.createObjectStore("facts", { keyPath: "name" });
  };
  const database = await asked(opening);
  const ofSheet = (key) => IDBKeyRange.bound([key, 0], [key, Infinity]);

  // Changes one sheet in one transaction; `change` gets the sheet and its taps and returns a tap to add, or nothing.
  async function change(key, edit) {
    const transaction = database.transaction(["sheets", "taps"], "readwrite", STRICT);
    const [sheets, taps] = ["sheets", "taps"].map((name) => transaction.objectStore(name));
    const sheet = await asked(sheets.get(key));
    if (!sheet) return null;
    const tap = edit(sheet, await asked(taps.getAll(ofSheet(key))));
    if (tap) {
      sheet.last += 1;
      sheet.until = Date.now();
      taps.put({ ...tap, key, sequence: sheet.last });
    }
    sheets.put(sheet);
    await done(transaction);
    return tap;
  }

  return {
    change,
    async saveFacts(facts) {
      const transaction = database.transaction("facts", "readwrite");
      transaction.objectStore("facts").put({ ...facts, name: "facts" });
      await done(transaction);
    },
    facts: () => asked(database.transaction("facts").objectStore("facts").get("facts")),
    sheets: () => asked(database.transaction("sheets").objectStore("sheets").getAll()),
    taps: (key) => asked(database.transaction("taps").objectStore("taps").getAll(ofSheet(key))),
    async add(sheet) {
      const transaction = database.transaction("sheets", "readwrite", STRICT);
      transaction.objectStore("sheets").put(sheet);
      await done(transaction);
    },
    async remove(key) {
      const transaction = database.transaction(["sheets", "taps"], "readwrite", STRICT);
      transaction.objectStore("sheets").delete(key);
      transaction.objectStore("taps").delete(ofSheet(key));
      await done(transaction);
    },
    async dropTaps(key) {
      const transaction = database.transaction("taps", "readwrite", STRICT);
      transaction.objectStore("taps").delete(ofSheet(key));
      await done(transaction);
    },
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
