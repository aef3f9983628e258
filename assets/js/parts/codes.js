// What a scanned text says: the number of a receipt, or a plate. Codes on plates are of many makers and say it in an
// address, in a list of fields or alone, so that a plate is found anywhere in the text.
const RECEIPT = /(?:^|\/n\/)(V[0-9A-Z]{11})(?![0-9A-Z])/;
const PLATE = /^[\u4e00-\u9fff]{0,4}(?=(?:[A-Z]*[0-9]){3})[A-Z0-9]{4,8}$/u;
const LABELS = /车牌号码|号牌号码|车牌号|号牌|车牌|牌照|电动自行车|非机动车/gu;

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function codeOf(text) {
  const plain = decoded(text).normalize("NFKC").toUpperCase().replace(/\p{Cf}/gu, "").trim();
  const number = RECEIPT.exec(plain.replace("/N/", "/n/"));
  if (number) return { number: number[1] };
  const joined = plain.replace(LABELS, " ").replace(/([\u4e00-\u9fff])[\s·•.\-]+(?=[A-Z0-9])/gu, "$1").replace(/([A-Z])[·•]+(?=[0-9])/gu, "$1");
  const words = joined.match(/[\u4e00-\u9fff]*[A-Z0-9]+/gu) ?? [];
  const plates = words.filter((word) => PLATE.test(word));
  const named = plates.find((word) => /^[\u4e00-\u9fff]/u.test(word));
  const lettered = plates.find((word) => /[A-Z]/.test(word)) ?? (plates.length === 1 && words.length === 1 ? plates[0] : undefined);
  const plate = named ?? lettered;
  return plate ? { plate } : {};
}
