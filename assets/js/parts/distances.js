// How far it is to the places of a page, as the crow flies: reckoned on the phone, whose position is sent nowhere.
import { metres } from "./metres.js";

export function distances(root) {
  if (!navigator.geolocation) return;
  root.querySelectorAll("button[data-distances][hidden]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      button.disabled = true;
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => {
          const written = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
          document.querySelectorAll("[data-latitude]").forEach((place) => {
            const away = metres([coords.latitude, coords.longitude], [Number(place.dataset.latitude), Number(place.dataset.longitude)]);
            place.textContent = ` · ${button.dataset.distances.replace("{km}", written.format(away / 1000))}`;
          });
          button.hidden = true;
        },
        () => {
          button.disabled = false;
          button.textContent = button.dataset.failed;
        },
        { timeout: 15000, maximumAge: 60000 },
      );
    });
  });
}
