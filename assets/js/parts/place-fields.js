// A field in which a place is entered offers the places while somebody writes, as a list below it (the combobox pattern
// of the ARIA authoring practices). Without scripts, or without a network, the name or the code is typed and sent.
import { find, placesAt } from "./places.js";
import { word } from "./words.js";

const MOST = 60;
const NARROW = window.matchMedia("(width < 40rem)");

function element(tag, attributes, text = "") {
  const made = document.createElement(tag);
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
  made.textContent = text;
  return made;
}

class PlaceField {
  constructor(field) {
    this.field = field;
    this.options = [];
    this.active = -1;
    this.taken = field.value;
    const label = field.labels?.[0]?.textContent.trim() ?? "";
    this.list = element("ul", { class: "place-list", id: `${field.id}-places`, role: "listbox", "aria-label": label });
    this.list.hidden = true;
    this.said = element("span", { class: "visually-hidden", role: "status" });
    field.after(this.list, this.said);
    field.parentElement.classList.add("place");
    const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-controls": this.list.id };
    Object.entries(attributes).forEach(([name, value]) => field.setAttribute(name, value));
    this.close();
    this.listen();
  }

  listen() {
    const { field, list } = this;
    field.addEventListener("focus", () => field.select());
    field.addEventListener("click", () => list.hidden && this.open());
    field.addEventListener("input", () => {
      field.closest(".field")?.querySelector(".place-matches")?.remove(); // another name: what it may mean is asked anew
      this.open();
    });
    field.addEventListener("blur", () => this.close());
    field.addEventListener("keydown", (event) => !event.isComposing && this.press(event));
    field.addEventListener("change", () => this.apply());
    list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
    list.addEventListener("click", (event) => {
      const at = [...list.children].indexOf(event.target.closest("[role=option]"));
      if (this.options[at]) this.choose(at, event.pointerType === "touch");
    });
  }

  async open() {
    const { field } = this;
    const typed = field.value === this.taken ? "" : field.value;
    const places = await placesAt(field.dataset.places).catch(() => null);
    if (!places || document.activeElement !== field || typed !== (field.value === this.taken ? "" : field.value)) return;
    const found = find(places, typed, field.dataset.offers, MOST);
    this.options = found.slice(0, MOST);
    this.draw(found.length);
  }

  draw(count) {
    const { field, list } = this;
    const apart = new Set(this.options.map(({ place }) => place.above)).size > 1;
    const texts = this.options.map(({ place, narrows }) => (narrows && !apart ? place.name : place.label));
    const rows = this.options.map(({ place, narrows }, at) => {
      const twice = texts.indexOf(texts[at]) !== texts.lastIndexOf(texts[at]);
      const text = `${texts[at]}${twice ? ` ${place.code}` : ""}${narrows ? " …" : ""}`;
      return element("li", { role: "option", id: `${list.id}-${at}`, "aria-selected": "false" }, text);
    });
    const note = count > MOST ? word("more") : count ? "" : word("none");
    if (note) rows.push(element("li", { role: "option", "aria-disabled": "true", class: "muted" }, note));
    list.replaceChildren(...rows);
    this.said.textContent = count ? `${word("places")} ${Math.min(count, MOST)}` : note;
    const opens = list.hidden;
    list.hidden = false;
    list.scrollTop = 0;
    field.setAttribute("aria-expanded", "true");
    this.point(-1);
    if (opens && NARROW.matches) field.parentElement.scrollIntoView({ block: "start" }); // room above the keyboard
    else if (opens) list.scrollIntoView({ block: "nearest" });
  }

  close() {
    this.list.hidden = true;
    this.options = [];
    this.said.textContent = "";
    this.field.setAttribute("aria-expanded", "false");
    this.point(-1);
  }

  point(at) {
    this.list.children[this.active]?.setAttribute("aria-selected", "false");
    this.active = at;
    const row = this.options[at] && this.list.children[at];
    if (!row) return this.field.removeAttribute("aria-activedescendant");
    row.setAttribute("aria-selected", "true");
    row.scrollIntoView({ block: "nearest" });
    return this.field.setAttribute("aria-activedescendant", row.id);
  }

  press(event) {
    const { field } = this;
    const { key } = event;
    const open = !this.list.hidden;
    if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      if (!open) this.open();
      else if (this.options.length) {
        const last = this.options.length - 1;
        if (key === "ArrowDown") this.point(this.active >= last ? 0 : this.active + 1);
        else this.point(this.active <= 0 ? last : this.active - 1);
      }
    } else if (key === "Escape" && open) {
      event.preventDefault();
      this.close();
    } else if (key === "Enter" && open) {
      const at = this.active < 0 && this.options.length === 1 ? 0 : this.active;
      if (at >= 0 || field.form?.method === "post") event.preventDefault(); // else the first button is pressed, any
      if (at < 0) return this.close();
      this.choose(at);
    } else if (key === "Tab" && open && this.active >= 0) this.choose(this.active);
    return undefined;
  }

  choose(at, touched = false) {
    const { field } = this;
    const { place, narrows } = this.options[at];
    if (narrows) {
      field.value = `${place.name} `;
      this.open();
      return;
    }
    this.close();
    field.closest(".field")?.querySelector(".place-matches")?.remove();
    if (field.dataset.many === undefined) field.value = `${place.label} ${place.code}`;
    else this.tick(place);
    this.taken = field.value;
    if (touched) field.blur(); // the keyboard goes, the next field is seen
    this.apply();
  }

  // one more of several: a ticked box above the line
  tick(place) {
    const { field } = this;
    const id = `${field.id}-${place.code}`;
    const known = document.getElementById(id);
    if (known) known.checked = true;
    else {
      const box = element("div", { class: "form-check" });
      const attributes = { class: "form-check-input", type: "checkbox", name: field.name, id, value: place.code };
      box.append(
        element("input", { ...attributes, checked: "" }),
        element("label", { class: "form-check-label", for: id }, place.label),
      );
      field.before(box);
    }
    field.value = "";
  }

  // filters apply at once
  apply() {
    if (this.field.form?.matches("[data-autosubmit]")) this.field.form.requestSubmit();
  }
}

export function placeFields(root) {
  root.querySelectorAll("input[data-places]:not([role])").forEach((field) => new PlaceField(field));
}
