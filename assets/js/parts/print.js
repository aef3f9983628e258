// A button that prints the page stands there only where a script can do it.
export function print(root) {
  for (const button of root.querySelectorAll("button[data-print]")) button.hidden = false;
  root.addEventListener("click", (event) => {
    if (event.target.closest?.("button[data-print]")) window.print();
  });
}
