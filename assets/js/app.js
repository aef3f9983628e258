// What every page gets. Each part adds to a page that works without it.
import htmx from "htmx.org/dist/htmx.esm.js";
import { ask } from "./parts/confirm.js";
import { chartsSeen } from "./parts/charts-seen.js";
import { enhance } from "./parts/enhance.js";
import { drafts } from "./parts/drafts.js";
import { firstTap } from "./parts/first-tap.js";
import { keepForAccount } from "./offline/worker-ready.js";
import { guard } from "./parts/guard.js";
import { leaving } from "./offline/leaving.js";
import { living } from "./parts/living.js";
import { lastChoice } from "./parts/last-choice.js";
import { plates } from "./parts/plates.js";
import { print } from "./parts/print.js";
import { refresh } from "./parts/refresh.js";
import { resume } from "./parts/resume.js";
import { sending } from "./parts/sending.js";
import { shortcuts } from "./parts/shortcuts.js";
import { signing } from "./parts/signing.js";
import { shortForms } from "./parts/short-forms.js";
import { showBusy } from "./parts/busy.js";
import { turning } from "./parts/turning.js";

const csrf = () => document.querySelector('meta[name="csrf-token"]')?.content;
document.addEventListener("htmx:configRequest", (event) => {
  if (csrf() && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = csrf();
});

leaving(document);
ask(document); // before the guard: a question that is answered "no" sends nothing
guard(document);
lastChoice(document);
firstTap(document);
plates(document);
print(document);
signing(document);
shortForms(document, csrf);
sending(document, (part) => {
  htmx.process(part);
  enhance(part);
  chartsSeen(document);
});
shortcuts(document);
showBusy(document);
enhance(document.body);
chartsSeen(document);
refresh(document);
living(document);
turning(document);
drafts(document);
resume(document);
keepForAccount();
htmx.onLoad((root) => {
  enhance(root);
  chartsSeen(root.parentElement ?? document);
});
