// A button that writes where the device is into two fields; it appears only where the browser can tell.
function fill(button, place) {
  const [latitude, longitude] = button.dataset.position.split(" ").map((id) => document.getElementById(id));
  latitude.value = place.coords.latitude.toFixed(6);
  longitude.value = place.coords.longitude.toFixed(6);
}

export function positions(root) {
  if (!navigator.geolocation) return;
  root.querySelectorAll("button[data-position][hidden]").forEach((button) => {
    const said = button.parentElement.querySelector("[data-position-said]");
    button.hidden = false;
    button.addEventListener("click", () => {
      button.disabled = true;
      const end = (text) => {
        button.disabled = false;
        said.textContent = text;
      };
      navigator.geolocation.getCurrentPosition(
        (place) => {
          fill(button, place);
          end(button.dataset.found);
        },
        () => end(button.dataset.failed),
        { enableHighAccuracy: true, timeout: 15000, maximumAge: 30000 },
      );
    });
  });
}
