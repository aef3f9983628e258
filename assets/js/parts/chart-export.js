// Takes a chart along: the drawing as PNG, the table behind it as CSV that opens in a spreadsheet.
const SCALE = 2;

function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const fileName = (figure, ending) => `${figure.id || "chart"}.${ending}`;

export function saveImage(chart, figure) {
  const picture = new Image();
  picture.addEventListener("load", () => {
    const head = 56;
    const page = document.createElement("canvas");
    const style = getComputedStyle(document.body);
    page.width = chart.getWidth() * SCALE;
    page.height = (chart.getHeight() + head) * SCALE;
    const pen = page.getContext("2d");
    pen.scale(SCALE, SCALE);
    pen.fillStyle = style.getPropertyValue("--surface");
    pen.fillRect(0, 0, chart.getWidth(), chart.getHeight() + head);
    pen.fillStyle = style.getPropertyValue("--ink");
    pen.font = `600 16px ${style.fontFamily}`;
    pen.fillText(figure.querySelector("figcaption").textContent.trim().replace(/\s+/g, " "), 8, 32, chart.getWidth() - 16);
    pen.drawImage(picture, 0, head, chart.getWidth(), chart.getHeight());
    page.toBlob((blob) => save(blob, fileName(figure, "png")), "image/png");
  });
  picture.src = chart.getDataURL({ type: "svg" });
}

// a cell that a spreadsheet would take for a formula is led by an apostrophe
function cell(node) {
  const text = node.textContent.trim().replace(/\s+/g, " ");
  const plain = /^-?[\d,]+(\.\d+)?$/.test(text) ? text.replaceAll(",", "") : text.replace(/^([=+\-@\t])/, "'$1");
  return `"${plain.replaceAll('"', '""')}"`;
}

export function saveTable(figure) {
  const rows = [...figure.querySelectorAll(".chart-table tr")].map((row) => [...row.cells].map(cell).join(","));
  save(new Blob(["\ufeff", rows.join("\r\n"), "\r\n"], { type: "text/csv;charset=utf-8" }), fileName(figure, "csv"));
}
