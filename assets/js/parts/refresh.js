// A screen on the wall looks for what is new by itself: <main data-refresh="60"> in seconds.
export function refresh(root) {
  const seconds = Number(root.querySelector("[data-refresh]")?.dataset.refresh);
  if (seconds > 0) window.setTimeout(() => window.location.reload(), seconds * 1000);
}
