// Keys for a plate, large enough for a glove, in place of the phone's keyboard: digits, and the letters that plates have
// (never I or O). The phone's keyboard comes back by one key. Only where there is no mouse.
const KEYS = [..."1234567890ABCDEFGHJKLMNPQRSTUVWXYZ"];

export function plateKeys(form, words) {
  const field = form.elements.namedItem("plate");
  if (!field || field.dataset.keys || !window.matchMedia("(pointer: coarse)").matches) return;
  field.dataset.keys = "yes";
  field.setAttribute("inputmode", "none");
  const brief = Object.assign(document.createElement("p"), { className: "plate-brief", hidden: true });
  brief.setAttribute("aria-hidden", "true"); // the answer itself is announced where it stands
  const board = Object.assign(document.createElement("div"), { className: "plate-keys", hidden: true });
  board.setAttribute("role", "group");
  board.setAttribute("aria-label", words.label);
  let typed = false;

  const type = (change) => {
    field.value = change(field.value);
    typed = true;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };

  function key(text, act, { label = text, wide = false } = {}) {
    const made = Object.assign(document.createElement("button"), { type: "button", textContent: text, className: `plate-key${wide ? " plate-key-wide" : ""}`, tabIndex: -1 });
    made.setAttribute("aria-label", label);
    made.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
    made.addEventListener("click", act);
    return made;
  }

  const settle = () => {
    if (typed) field.dispatchEvent(new Event("change", { bubbles: true }));
    typed = false;
  };

  board.append(
    ...KEYS.map((sign) => key(sign, () => type((text) => text + sign))),
    key("⌫", () => type((text) => text.slice(0, -1)), { label: words.back }),
    key("⌨", () => {
      field.setAttribute("inputmode", "text");
      open(false);
      field.blur();
      field.focus();
    }, { label: words.keyboard }),
  );
  const lookUp = () => form.querySelector('button[name="action"][value="look_up"]');
  if (lookUp()) {
    const made = key(words.lookUp, () => {
      settle();
      field.blur();
      lookUp()?.click();
    }, { wide: true });
    made.classList.add("if-network");
    board.append(made);
  }
  field.after(brief, board);
  const open = (opened) => [brief, board].forEach((part) => (part.hidden = !opened));
  // who was found, seen beside the keys, which never move for it
  form.addEventListener("htmx:afterSwap", ({ target }) => {
    if (target.id !== "found") return;
    const [card, which, said] = ["[data-brief]", "legend", ".found-said p"].map((part) => target.querySelector(part)?.textContent.trim().replace(/\s+/g, " "));
    brief.textContent = card ?? (which ? `${which} (${target.querySelectorAll("fieldset button").length})` : said ?? "");
  });
  field.addEventListener("focus", () => {
    open(field.getAttribute("inputmode") === "none");
    if (!board.hidden) board.scrollIntoView({ block: "nearest" });
  });
  field.addEventListener("blur", () => {
    settle();
    open(false);
  });
}
