// Rows of a list that are chosen: the whole page at once, and how many they are.
export function choosing(root) {
  const form = root.querySelector("#chosen-rows");
  if (!form) return;
  const rows = () => [...form.elements].filter((field) => field.name === "row");
  const page = form.querySelector("[data-choose-page]");
  const all = form.elements.namedItem("all");
  const told = form.querySelector("[data-chosen-count]");
  const count = () => {
    const chosen = rows().filter((row) => row.checked).length;
    page.checked = chosen > 0 && chosen === rows().length;
    page.indeterminate = chosen > 0 && !page.checked;
    told.textContent = chosen && !all.checked ? told.dataset.words.replace("#", chosen) : "";
  };
  for (const field of [page, page.nextElementSibling]) field.hidden = false;
  page.addEventListener("change", () => {
    rows().forEach((row) => (row.checked = page.checked));
    count();
  });
  form.ownerDocument.addEventListener("change", ({ target }) => (target.name === "row" || target === all) && count());
  count();
}
