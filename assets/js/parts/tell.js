// Says beside the button that was pressed why nothing came of it, in the words of the page; screen readers are told.
import { word } from "./words.js";

// what an answer says in words: a sentence for a script, or the title and the first paragraph of a page
export function sentence(text, type = "") {
  if (type.includes("json")) {
    try {
      return JSON.parse(text).message ?? "";
    } catch {
      return "";
    }
  }
  if (!type.includes("html")) return "";
  const main = new DOMParser().parseFromString(text, "text/html").querySelector("main");
  const parts = [main?.querySelector("h1"), main?.querySelector(".error-summary p, p")];
  return parts.map((part) => part?.textContent.trim()).filter(Boolean).join(": ");
}

// what to do where the answer has no words: by its status, 0 for none at all
export function advice(status) {
  if (status === 0) return word("failed");
  if (status === 401) return word("signedOut");
  if (status === 413) return word("large");
  if (status === 429) return word("many");
  return status >= 500 ? word("busy") : word("refused");
}

function link(address, text) {
  const made = Object.assign(document.createElement("a"), { href: address, textContent: text, target: "_blank", rel: "noopener" });
  return [" ", made];
}

// near: the form, or what asked; act: a button beside the sentence, with what it does
export function tell(near, text, { status = 0, act = null, label = "" } = {}) {
  const place = near.querySelector?.(".buttons") ?? near;
  const around = place.parentElement ?? document.getElementById("flashes");
  around.querySelectorAll(":scope > .flash[data-told]").forEach((old) => old.remove());
  const note = document.createElement("div");
  note.className = "flash flash-error";
  note.dataset.told = "";
  note.setAttribute("role", "alert");
  note.append(Object.assign(document.createElement("span"), { textContent: text }));
  if (status === 401) note.append(...link("/sign-in", word("signIn")));
  if (act) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-secondary", textContent: label });
    button.addEventListener("click", () => {
      note.remove();
      act();
    });
    note.append(" ", button);
  }
  if (place === around) around.prepend(note);
  else place.before(note);
  note.scrollIntoView({ block: "nearest" });
}
