// data-confirm on a form or a submit button: asks first, in a dialog whose button repeats the verb.
import { word } from "./words.js";

function element(name, attributes, ...children) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
}

export function open(question, verb, onYes) {
  const no = element("button", { type: "submit", value: "", className: "btn", textContent: word("cancel") });
  const yes = element("button", { type: "submit", value: "yes", className: "btn btn-primary", textContent: verb });
  const text = element("p", { id: "confirm-question", textContent: question });
  const buttons = element("div", { className: "buttons" }, yes, no);
  const dialog = element("dialog", {}, element("form", { method: "dialog" }, text, buttons));
  dialog.setAttribute("aria-labelledby", text.id);
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (dialog.returnValue === "yes") onYes();
  });
  document.body.append(dialog);
  dialog.showModal();
  no.focus();
}

export function ask(root) {
  root.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      const button = event.submitter;
      const question = button?.dataset.confirm ?? form.dataset.confirm;
      if (!question) return;
      if (form.dataset.confirmed) {
        delete form.dataset.confirmed;
        return;
      }
      event.preventDefault();
      event.stopPropagation();
      open(question, button?.textContent.trim() || "OK", () => {
        form.dataset.confirmed = "yes";
        form.requestSubmit(button);
      });
    },
    true,
  );
}
