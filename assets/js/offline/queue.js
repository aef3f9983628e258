// What waits on this phone to be sent, sealed with the key of the account that made it: each account has a box of its
// own, and opens no other. A row says in clear its key, its account, when it was made, its state, how many photos belong
// to it and what it is (`what`; none: a record); everything else is inside. The sign-out empties the box; a session that only ended leaves it as it is.
import { canSeal, newKey, open, openBytes, seal, sealBytes } from "./sealed.js";
import { STRICT, change, openStore } from "./store.js";

export const WAITING = "waiting";
export const REFUSED = "refused";
export const SENT = "sent";
export const RECORD = "record";
export const whatOf = (row) => row.what ?? RECORD;

export const openQueue = () =>
  openStore("kerb", 1, (fresh) => {
    fresh.createObjectStore("accounts", { keyPath: "account" });
    const [records, photos] = ["records", "photos"].map((name) => fresh.createObjectStore(name, { keyPath: "key" }));
    [records, photos].forEach((store) => store.createIndex("account", "account"));
    photos.createIndex("record", "record");
  });

// What is under way on this phone and in no row yet: known by this name.
export const PATROL = "patrol";

// How many records and photos of an account have not been sent, and what is under way; needs no key.
export async function countUnsent(database, account) {
  const records = await database.getAllFromIndex("records", "account", account);
  const photos = await database.countFromIndex("photos", "account", account);
  const underWay = (await database.get("accounts", account))?.[PATROL] ? 1 : 0;
  return records.filter((row) => row.state !== SENT).length + photos + underWay;
}

// Deletes all of an account: its key, what waits, what it knew.
export async function emptyBox(database, account) {
  const transaction = database.transaction(["accounts", "records", "photos"], "readwrite", STRICT);
  transaction.objectStore("accounts").delete(account);
  for (const name of ["records", "photos"]) {
    const keys = await transaction.objectStore(name).index("account").getAllKeys(account);
    keys.forEach((key) => transaction.objectStore(name).delete(key));
  }
  await transaction.done;
}

// The key of an account, made where `mayMake`: on a page of the server, which knows who is signed in.
async function keyOf(database, account, mayMake) {
  const known = await database.get("accounts", account);
  if (known || !mayMake || !canSeal()) return known?.key ?? null;
  const key = await newKey();
  const transaction = database.transaction("accounts", "readwrite", STRICT);
  const meanwhile = await transaction.store.get(account); // another window was quicker
  if (!meanwhile) transaction.store.put({ account, key });
  await transaction.done;
  return meanwhile?.key ?? key;
}

// Returns null where there is no key: nothing can be kept.
export async function openBox(database, account, mayMake) {
  const key = await keyOf(database, account, mayMake);
  if (!key) return null;

  async function put(name, row) {
    const transaction = database.transaction(name, "readwrite", STRICT);
    transaction.store.put(row);
    await transaction.done;
  }

  return {
    account,

    // content: {fields, recorded_at, label}; key_: the client reference, the same for the same record however often it is kept
    async keep(key_, content, photos = 0, what = RECORD) {
      const before = await database.get("records", key_);
      const row = { key: key_, account, at: before?.at ?? Date.now(), state: WAITING, photos, sealed: await seal(key, key_, content) };
      if (what !== RECORD) row.what = what;
      await put("records", row);
    },

    records: () => database.getAllFromIndex("records", "account", account),
    contentOf: (row) => open(key, row.key, row.sealed),
    problemOf: (row) => (row.problem ? open(key, `${row.key} problem`, row.problem) : null),

    // a record that the server took by the form, so that its photos follow it
    noteSent: (key_, told, photos) => put("records", { key: key_, account, at: Date.now(), state: SENT, sentAt: Date.now(), photos, ...told }),

    // what the server said of a row; its content is not needed any more, and nor are photos that were sent with it
    async sent(key_, { number, address, told }, photosToo = false) {
      const transaction = database.transaction(["records", "photos"], "readwrite", STRICT);
      const [records, photos] = ["records", "photos"].map((name) => transaction.objectStore(name));
      const { sealed: _sealed, problem: _problem, ...row } = (await records.get(key_)) ?? { key: key_, account, at: Date.now(), photos: 0 };
      records.put({ ...row, state: SENT, number, address, told, sentAt: Date.now() });
      if (photosToo) (await photos.index("record").getAllKeys(key_)).forEach((one) => photos.delete(one));
      await transaction.done;
    },

    async refuse(key_, problem) {
      const sealed = await seal(key, `${key_} problem`, problem);
      await change(database, "records", key_, (row) => void Object.assign(row, { state: REFUSED, problem: sealed }));
    },

    async remove(key_) {
      const transaction = database.transaction(["records", "photos"], "readwrite", STRICT);
      transaction.objectStore("records").delete(key_);
      const photos = await transaction.objectStore("photos").index("record").getAllKeys(key_);
      photos.forEach((one) => transaction.objectStore("photos").delete(one));
      await transaction.done;
    },

    // photos: [{key, blob, taken_at}]
    async keepPhotos(record, photos) {
      for (const [at, { key: key_, blob, taken_at }] of photos.entries()) {
        const sealed = await sealBytes(key, key_, await blob.arrayBuffer());
        await put("photos", { key: key_, account, record, at, taken_at, type: blob.type, problem: "", sealed });
      }
    },

    // in the order in which they were taken
    photosOf: async (record) => (await database.getAllFromIndex("photos", "record", record)).sort((one, other) => (one.at ?? 0) - (other.at ?? 0)),
    blobOf: async (row) => new Blob([await openBytes(key, row.key, row.sealed)], { type: row.type }),
    refusePhoto: (key_, problem) => change(database, "photos", key_, (row) => void (row.problem = problem)),

    async dropPhoto(key_) {
      const transaction = database.transaction("photos", "readwrite", STRICT);
      transaction.store.delete(key_);
      await transaction.done;
    },

    // what the page knows without a network: {at, value}, sealed too; null is forgotten
    async know(name, value) {
      const sealed = value === null ? null : await seal(key, name, { at: Date.now(), value });
      await change(database, "accounts", account, (row) => void (sealed ? (row[name] = sealed) : delete row[name]));
    },
    async known(name) {
      const row = await database.get("accounts", account);
      return row?.[name] ? open(key, name, row[name]) : null;
    },
  };
}
