// A receipt on a strip: the page is as long as what it says, in the font that this browser has.
const MM = 96 / 25.4;
const ROOM_MM = 1;

const styles = document.querySelector("[data-length]");
const button = document.querySelector("[data-print]");

// a sheet of styles for each length, for a page may carry none of its own
function measure() {
  const length = Math.ceil(document.querySelector("main").getBoundingClientRect().height / MM) + ROOM_MM;
  const measured = styles.cloneNode();
  measured.href = styles.href.replace(/\d+(?=\.css)/, String(length));
  return new Promise((resolve) => {
    measured.addEventListener("load", () => {
      styles.remove();
      resolve();
    });
    measured.addEventListener("error", resolve);
    styles.after(measured);
  });
}

async function begin() {
  await Promise.all([document.fonts.ready, ...[...document.images].map((image) => image.decode().catch(() => {}))]);
  await measure();
  button.hidden = false;
  button.addEventListener("click", () => window.print());
  document.documentElement.dataset.strip = "measured";
}

begin();
