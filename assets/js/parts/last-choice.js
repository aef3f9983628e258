// A kind of violation is chosen by a key or from the list under the key for others: the last choice counts.
export function lastChoice(root) {
  root.addEventListener("change", ({ target }) => {
    const list = target.form?.elements.namedItem("other_kind");
    if (!list) return;
    if (target === list && list.value) target.form.querySelector('[name="kind"][value="other"]').checked = true;
    if (target.name === "kind" && target.value !== "other") list.value = "";
  });
}
