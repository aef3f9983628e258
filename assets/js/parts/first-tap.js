// The time of what is recorded: when its kind was first touched, unless somebody wrote another one.
// By the server's clock, of which the page tells the minute it was drawn: a phone's own may be wrong. A page that the
// phone kept knows none but its own; the server puts that right when it is sent.
const drawn = Date.now();

const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "short" });

export function firstTap(root) {
  root.addEventListener("change", ({ target }) => {
    const field = target.form?.querySelector("[data-first-tap]");
    if (!field || field.value || !field.dataset.firstTap.split(" ").includes(target.name)) return;
    const now = field.dataset.now ? Number(field.dataset.now) * 1000 + Date.now() - drawn : Date.now();
    field.value = clock.format(now).replace(" ", "T");
    Object.assign(field.dataset, { filled: field.value, filledAt: Date.now() });
  });
}
