// Where an answer has to be waited for: counts the seconds in the sentence and sends the form when they are over.
export function waiting(root) {
  root.querySelectorAll("[data-wait]:not([data-counting])").forEach((said) => {
    const end = Date.now() + Number(said.dataset.wait) * 1000;
    const text = said.textContent;
    said.dataset.counting = "";
    const tick = () => {
      if (!said.isConnected) return;
      const left = Math.ceil((end - Date.now()) / 1000);
      said.textContent = text.replace(said.dataset.wait, String(Math.max(left, 0)));
      if (left > 0) window.setTimeout(tick, 500);
      else document.getElementById(said.dataset.form)?.requestSubmit();
    };
    tick();
  });
}
