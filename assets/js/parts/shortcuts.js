// Keyboard and rows: "/" goes to the search, a click anywhere in a row is a click on the row's link.
function typing(target) {
  return target.isContentEditable || /^(input|select|textarea)$/i.test(target.tagName);
}

export function shortcuts(root) {
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
