// The page after signing in again sends what was kept to the page that shows it; who comes back to it presses the button.
export function resume(root) {
  const back = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  if (!back) root.querySelector("form[data-resume]")?.requestSubmit();
}
