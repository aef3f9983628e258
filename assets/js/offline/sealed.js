// What waits on the phone is sealed (AES-GCM, 256 bits) with a key that scripts can use and not read, and that the
// sign-out deletes. Each piece is bound to its name: one row's content opens in no other row.
const ALGORITHM = "AES-GCM";
const NONCE_BYTES = 12;

export const canSeal = () => Boolean(globalThis.crypto?.subtle);

export const newKey = () => crypto.subtle.generateKey({ name: ALGORITHM, length: 256 }, false, ["encrypt", "decrypt"]);

const bound = (iv, name) => ({ name: ALGORITHM, iv, additionalData: new TextEncoder().encode(name) });

export async function sealBytes(key, name, bytes) {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  return { iv, data: await crypto.subtle.encrypt(bound(iv, name), key, bytes) };
}

export const openBytes = (key, name, { iv, data }) => crypto.subtle.decrypt(bound(iv, name), key, data);

export const seal = (key, name, value) => sealBytes(key, name, new TextEncoder().encode(JSON.stringify(value)));

export const open = async (key, name, sealed) => JSON.parse(new TextDecoder().decode(await openBytes(key, name, sealed)));
