// Keyboard and rows: "/" goes to the search, a click anywhere in a row is a click on the row's link.
function typing(target) {
  if (/^input$/i.test(target.tagName)) return !/^(radio|checkbox|button|submit)$/i.test(target.type);
  return target.isContentEditable || /^(select|textarea)$/i.test(target.tagName);
}

// Keys of a page (data-key). One that needs a reason leads to the reasons first; the reason then does it at once.
function pageKeys(root) {
  let armed = null;
  const said = () => root.querySelector('#decide input[name="prepared"]:checked') || root.querySelector("#decide textarea")?.value.trim();
  root.addEventListener("click", (event) => {
    const key = event.target.closest("[data-needs]");
    if (!key || said()) return;
    event.preventDefault();
    armed = key;
    root.getElementById(key.dataset.needs)?.focus();
  });
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || typing(event.target)) return;
    if (root.querySelector("dialog[open]")) return;
    const key = root.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!key) return;
    event.preventDefault();
    key.click();
    if (key.matches("label") && armed) armed.click();
  });
}

export function shortcuts(root) {
  pageKeys(root);
  root.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const search = root.querySelector('[data-search], input[type="search"]');
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  });
  root.addEventListener("keydown", (event) => {
    const menu = root.querySelector("details.menu[open]");
    if (event.key !== "Escape" || !menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  root.addEventListener("click", (event) => {
    const row = event.target.closest("tr.clickable");
    if (!row || event.target.closest("a, button, input, select, textarea, label, summary, form")) return;
    if (root.getSelection().toString()) return;
    const link = row.querySelector("a.row-link");
    if (event.ctrlKey || event.metaKey) window.open(link.href, "_blank", "noopener");
    else link.click();
  });
}
