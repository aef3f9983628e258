// The time of what is recorded: when its kind was first touched, unless somebody wrote another one.
// By the server's clock, of which the page tells the minute it was drawn: a phone's own may be wrong.
const drawn = Date.now();

const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "short" });

export function firstTap(root) {
  root.addEventListener("change", ({ target }) => {
    const field = target.form?.querySelector("[data-first-tap]");
    if (!field || field.value || !field.dataset.firstTap.split(" ").includes(target.name)) return;
    const now = Number(field.dataset.now) * 1000 + Date.now() - drawn;
    field.value = clock.format(now).replace(" ", "T");
  });
}
