// Taps that wait on this device, and today's lists as it keeps them: both sealed with the key that dies at the sign-out.
import * as clock from "./clock.js";

export const ARRIVAL = "arrival";
const LISTS = "door";
const FRESH_MS = 300000;

export const newNonce = () =>
  crypto.randomUUID?.() ?? "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) => (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16));

// tap: {session, text, label, identified, nonce}; the moment is the device's, and by how much that is ahead as last known
export async function keepTap(box, { session, text, label, identified = false, nonce = newNonce() }) {
  const fields = [["session", session], ["text", text], ["identified", identified ? "1" : ""]];
  const difference = clock.known();
  if (difference !== null) fields.push(["difference", String(Math.round(difference))]);
  await box.keep(nonce, { fields, recorded_at: new Date().toISOString(), label }, 0, ARRIVAL);
  return nonce;
}

// {"session task": state} of all taps of this device; of one that was sent the address says which session it was
export async function tapsOf(box) {
  const rows = (await box.records()).filter(({ what }) => what === ARRIVAL);
  const taps = await Promise.all(
    rows.map(async (row) => {
      const [session, text] = row.sealed ? (await box.contentOf(row)).fields.map(([, value]) => value) : [/\/sessions\/([^/]+)/.exec(row.address ?? "")?.[1], row.number];
      return [`${session} ${text}`, row.state];
    }),
  );
  return new Map(taps);
}

export async function learnLists(box, url) {
  const before = await box.known(LISTS);
  if (before && Date.now() - before.at < FRESH_MS) return before.value;
  const asked = Date.now();
  const answer = await fetch(url, { redirect: "manual" });
  if (!answer.ok) return null;
  clock.learn(answer, box, asked);
  const { account, studies } = await answer.json();
  if (account !== box.account) return null;
  await box.know(LISTS, studies);
  return studies;
}

export const knownLists = async (box) => (await box.known(LISTS)) ?? null;
