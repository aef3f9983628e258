// Takes a chart along: the drawing as PNG, the table behind it as CSV that opens in a spreadsheet.
const SCALE = 2;

function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const fileName = (figure, ending) => `${figure.id || "chart"}.${ending}`;

const titleOf = (figure) => figure.querySelector("figcaption").textContent.trim().replace(/\s+/g, " ");

// the drawing as it is, under its title: for print and for other programs
export function saveDrawing(chart, figure) {
  const head = 56;
  const space = "http://www.w3.org/2000/svg";
  const [width, height] = [chart.getWidth(), chart.getHeight()];
  const page = document.createElementNS(space, "svg");
  const style = getComputedStyle(document.body);
  Object.entries({ width, height: height + head, viewBox: `0 0 ${width} ${height + head}` }).forEach(([name, value]) => page.setAttribute(name, value));
  const ground = document.createElementNS(space, "rect");
  Object.entries({ width: "100%", height: "100%", fill: style.getPropertyValue("--surface") }).forEach(([name, value]) => ground.setAttribute(name, value));
  const title = document.createElementNS(space, "text");
  Object.entries({ x: 8, y: 32, "font-size": 16, "font-weight": 600, "font-family": style.fontFamily, fill: style.getPropertyValue("--ink") }).forEach(([name, value]) => title.setAttribute(name, value));
  title.textContent = titleOf(figure);
  const drawing = new DOMParser().parseFromString(decodeURIComponent(chart.getDataURL({ type: "svg" }).split(",").slice(1).join(",")), "image/svg+xml").documentElement;
  drawing.setAttribute("y", head);
  page.append(ground, title, document.importNode(drawing, true));
  save(new Blob([new XMLSerializer().serializeToString(page)], { type: "image/svg+xml" }), fileName(figure, "svg"));
}

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
    pen.fillText(titleOf(figure), 8, 32, chart.getWidth() - 16);
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
