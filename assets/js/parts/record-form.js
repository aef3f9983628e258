// The record form where there is no network: what was filled in is checked as far as a phone can.
import { fieldsOf, own, valueOf } from "./kept-form.js";

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK = "10X98765432";

export const NEXT_KEEPS = ["area_code", "place", "penalty", "fine_yuan"];

export const recordForm = () => document.querySelector("form#record");

// the fields that a record is made of; a time that only this phone's clock filled in is left to the server (recorded_at)
export function contentOf(form, kept) {
  const time = form.elements.namedItem("occurred_at");
  const byPhone = kept && time.value === time.dataset.filled;
  const sent = fieldsOf(form).map(([name, value]) => [name, name === "occurred_at" && byPhone ? "" : value]);
  const tapped = Number(time.dataset.filledAt);
  return { fields: sent, recorded_at: new Date(tapped || Date.now()).toISOString(), label: labelOf(form) };
}

function labelOf(form) {
  const key = form.querySelector('[name="kind"]:checked');
  const list = form.elements.namedItem("other_kind");
  const kind = key && key.value !== "other" ? form.querySelector(`label[for="${key.id}"]`).textContent.trim() : list.selectedOptions[0]?.textContent.trim();
  return [kind, valueOf(form, "plate") || valueOf(form, "name"), valueOf(form, "place")].filter(Boolean).join(" · ");
}

function isIdentity(text) {
  const number = text.normalize("NFKC").replace(/\s/g, "").toUpperCase();
  if (!/^\d{17}[\dX]$/.test(number)) return false;
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(number[at]), 0);
  return CHECK[sum % 11] === number[17];
}

function whoIsMissing(form) {
  const [plate, number, name] = ["plate", "id_number", "name"].map((field) => valueOf(form, field));
  if (valueOf(form, "rider_number")) return [];
  if (valueOf(form, "papers")) return plate || name || valueOf(form, "phone") || valueOf(form, "appearance") ? [] : [["appearance", own(form, "needSign")]];
  if (valueOf(form, "source") === "camera" && plate) return [];
  if (!number) return [["id_number", own(form, "needRider")]];
  const wrong = valueOf(form, "id_type") === "identity_card" && !isIdentity(number);
  return [...(wrong ? [["id_number", own(form, "wrongNumber")]] : []), ...(name ? [] : [["name", own(form, "needName")]])];
}

// what can be seen to be wrong without the server, as it would say: [[field, sentence]]
export function faultsOf(form) {
  const kind = valueOf(form, "kind");
  const faults = [];
  if (!kind || (kind === "other" && !valueOf(form, "other_kind"))) faults.push(["kind", own(form, "needKind")]);
  if (!valueOf(form, "area_code")) faults.push(["area_code", own(form, "needVillage")]);
  faults.push(...whoIsMissing(form));
  if (valueOf(form, "penalty") === "fine" && !/^\d+$/.test(valueOf(form, "fine_yuan"))) faults.push(["fine_yuan", own(form, "needFine")]);
  return faults;
}
