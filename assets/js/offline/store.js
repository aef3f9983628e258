// A store in this browser. What is written is on the disk ("strict") before anybody is told that it is kept.
import { openDB } from "idb";

export const STRICT = { durability: "strict" };

export const openStore = (name, version, upgrade) => openDB(name, version, { upgrade });

// Changes one row in one transaction: `edit` changes what it is given, or returns false to leave the row as it is.
export async function change(database, store, key, edit) {
  const transaction = database.transaction(store, "readwrite", STRICT);
  const row = await transaction.store.get(key);
  const changed = row !== undefined && edit(row) !== false;
  if (changed) await transaction.store.put(row);
  await transaction.done;
  return changed ? row : null;
}
