// A box to sign in with a finger, a pen or a mouse. What is drawn goes into a hidden field of its form as a PNG;
// without scripts the box is not there, and the form can still say that the rider refuses.
const WIDTH = 4;

export function signing(root) {
  root.querySelectorAll("[data-signing]").forEach((box) => begin(box, box.closest("form")));
}

function begin(box, form) {
  const canvas = box.querySelector("canvas");
  const pen = canvas.getContext("2d");
  const field = form.elements.namedItem("drawn");
  const refused = form.elements.namedItem("refused");
  let drawn = false;

  function at(event) {
    const shown = canvas.getBoundingClientRect();
    const x = ((event.clientX - shown.left) / shown.width) * canvas.width;
    return [x, ((event.clientY - shown.top) / shown.height) * canvas.height];
  }

  function clear() {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    Object.assign(pen, { strokeStyle: "#000", lineWidth: WIDTH, lineCap: "round", lineJoin: "round" });
    [drawn, field.value] = [false, ""];
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    pen.beginPath();
    pen.moveTo(...at(event));
    refused.checked = false;
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!event.isPrimary || !canvas.hasPointerCapture(event.pointerId)) return;
    // a phone reports several points at once: without those between, a quick hand draws corners
    const points = event.getCoalescedEvents?.() ?? [];
    (points.length ? points : [event]).forEach((point) => pen.lineTo(...at(point)));
    pen.stroke();
    drawn = true;
  });
  box.querySelector("[data-clear]").addEventListener("click", clear);
  refused.addEventListener("change", () => refused.checked && clear());
  form.addEventListener("submit", () => {
    if (drawn) field.value = canvas.toDataURL("image/png");
  }, true);
  clear();
  box.hidden = false;
}
