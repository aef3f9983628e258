// Sends the log of taps in pieces. The server knows the last tap it took in of each sheet, so that a piece whose answer
// got lost may be sent again.
import { makeSender } from "../offline/sender.js";

const PIECE = 400;

const waiting = (sheet) => !sheet.done && !sheet.problem && (sheet.sent < sheet.last || (sheet.ended && sheet.last > 0));

export function countingSender({ log, factsUrl, sendUrl, changed }) {
  async function piece(post, sheet) {
    const taps = (await log.taps(sheet.key)).filter((tap) => tap.sequence > sheet.sent).slice(0, PIECE);
    const upTo = taps.at(-1)?.sequence ?? sheet.sent;
    const { key, site, code, started, until, observer } = sheet;
    const body = { key, site, code, started, until, observer, clock: Date.now(), ended: sheet.ended && upTo === sheet.last };
    body.taps = taps.map((tap) => [tap.sequence, tap.group, tap.role, tap.company, tap.result, tap.step]);
    const { ok, status, told } = await post(sendUrl, body);
    await log.change(key, (kept) => {
      kept.problem = ok ? "" : told.error || String(status);
      if (!ok) return null;
      kept.sent = Math.max(kept.sent, told.last);
      kept.number = told.number;
      kept.done = told.ended && kept.sent === kept.last;
      return null;
    });
    if (ok && told.ended && body.ended) await log.dropTaps(key);
  }

  async function round({ post }) {
    for (;;) {
      const next = (await log.sheets()).find(waiting);
      if (!next) return;
      await piece(post, next);
      await changed("sending");
    }
  }

  const learn = ({ observer, sites, companies }) => log.saveFacts({ observer, sites, companies });
  return makeSender({ lock: "helmets-sending", factsUrl, learn, round, changed });
}
