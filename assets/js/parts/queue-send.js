// Sends what waits in one box, of all kinds, each to its own address under the reference that was made for it. The
// photos of a record follow it; whatever else is kept is sent whole, its photos with it.
import { RECORD, SENT, WAITING, whatOf } from "../offline/queue.js";
import { SignedOut, makeSender } from "../offline/sender.js";

// a name that stands several times (a place that was picked of several) is a list
function bodyOf(fields) {
  const body = {};
  fields.forEach(([name, value]) => (body[name] = name in body ? [body[name], value].flat() : value));
  return body;
}

const inOrder = (one, other) => one.at - other.at;

// kinds: {what: {send}}, the addresses that take what this phone keeps
export function queueSender({ box, factsUrl, kinds, changed }) {
  let whose = "";

  async function wholeOf(row, { fields, recorded_at }) {
    const body = new FormData();
    const beside = { client_reference: row.key, account: box.account, recorded_at, device_at: new Date().toISOString() };
    [...fields, ...Object.entries(beside)].forEach(([name, value]) => body.append(name, value));
    for (const photo of await box.photosOf(row.key)) body.append("photos", await box.blobOf(photo), `${photo.key}.jpg`);
    return body;
  }

  function recordOf(row, { fields, recorded_at }) {
    const beside = { client_reference: row.key, account: box.account, recorded_at, photos_announced: row.photos };
    return { ...bodyOf(fields), ...beside, device_at: new Date().toISOString() };
  }

  async function sendRow(post, row) {
    const [what, content] = [whatOf(row), await box.contentOf(row)];
    const body = what === RECORD ? recordOf(row, content) : await wholeOf(row, content);
    const { ok, status, told } = await post(kinds[what].send, body);
    if (ok) await box.sent(row.key, told, what !== RECORD);
    else await box.refuse(row.key, { status, message: told.message || String(status), fields: told.fields ?? {} });
  }

  async function sendPhoto(post, record, row) {
    const body = new FormData();
    body.append("photo", await box.blobOf(row), "photo.jpg");
    body.append("key", row.key);
    body.append("taken_at", row.taken_at);
    const { ok, status, told } = await post(`${record.address}/photos`, body, true);
    if (ok) await box.dropPhoto(row.key);
    else await box.refusePhoto(row.key, told.message || String(status));
  }

  async function photosDue(rows) {
    for (const row of rows) {
      const photo = (await box.photosOf(row.key)).find(({ problem }) => !problem);
      if (photo) return [row, photo];
    }
    return null;
  }

  async function round({ post, refresh }) {
    for (;;) {
      const rows = (await box.records()).sort(inOrder);
      const next = rows.find((row) => row.state === WAITING && kinds[whatOf(row)]); // an older page knows fewer kinds
      const photo = next ? null : await photosDue(rows.filter(({ state }) => state === SENT));
      if (!next && !photo) return;
      if (!whose) await refresh();
      if (whose !== box.account) {
        whose = ""; // asked again next time
        throw new SignedOut();
      }
      if (next) await sendRow(post, next);
      else await sendPhoto(post, ...photo);
      await changed("sending");
    }
  }

  const learn = async ({ account }) => void (whose = account);
  return makeSender({ lock: "records-sending", factsUrl, learn, round, changed });
}
