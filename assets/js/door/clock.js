// By how much this device's clock is ahead of the server's, as of the last answer: what is tapped without a network is
// put right by that, whatever the clock is set to later.
const KNOWN = "clock";

let difference = null;

// an answer carries the server's second; half a second is the best that is known of it
export function learn(answer, box, asked = Date.now()) {
  const server = Date.parse(answer?.headers.get("Date") ?? "");
  if (Number.isNaN(server)) return;
  difference = (asked + Date.now()) / 2 - (server + 500);
  box?.know(KNOWN, difference);
}

export const remember = async (box) => void (difference ??= (await box.known(KNOWN))?.value ?? null);

export const known = () => difference;

// when something is, by the server's clock as far as it is known
export const serversNow = () => Date.now() - (difference ?? 0);
