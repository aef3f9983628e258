// Only on pages with charts: draws every <figure data-chart> from the JSON beside it.
import { BarChart, CustomChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { saveDrawing, saveImage, saveTable } from "./parts/chart-export.js";
import { namesAtEnds, options, rowsHeight } from "./parts/chart-options.js";

use([BarChart, LineChart, CustomChart, GridComponent, TooltipComponent, MarkLineComponent, AriaComponent, SVGRenderer]);

const drawn = new Map();

function draw(figure) {
  if (drawn.has(figure)) return;
  const canvas = figure.querySelector("[data-chart-canvas]");
  const spec = JSON.parse(figure.querySelector("[data-chart-spec]").textContent);
  canvas.hidden = false;
  if (spec.horizontal) canvas.style.height = `${rowsHeight(spec)}px`;
  const chart = init(canvas, null, { renderer: "svg" });
  const legend = figure.querySelector(".legend");
  const paint = () => {
    if (legend) legend.hidden = namesAtEnds(spec, canvas.clientWidth);
    chart.setOption(options(spec, figure, canvas.clientWidth), { notMerge: true });
    if (document.documentElement.classList.contains("paper")) chart.getZr().flush();
  };
  paint();
  const watch = new ResizeObserver(() => {
    chart.resize();
    paint();
  });
  watch.observe(canvas);
  drawn.set(figure, paint);
  const tools = figure.querySelector(".chart-tools");
  tools.hidden = false;
  tools.querySelector("[data-chart-image]").addEventListener("click", () => saveImage(chart, figure));
  tools.querySelector("[data-chart-drawing]").addEventListener("click", () => saveDrawing(chart, figure));
  tools.querySelector("[data-chart-csv]").addEventListener("click", () => saveTable(figure));
}

function onPaper(printing) {
  document.documentElement.classList.toggle("paper", printing);
  drawn.forEach((paint) => paint());
}

const drawAll = (root) => root.querySelectorAll("figure[data-chart]").forEach(draw);

drawAll(document);
document.addEventListener("htmx:load", (event) => drawAll(event.target.parentElement ?? document));
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawn.forEach((paint) => paint()));
window.addEventListener("beforeprint", () => onPaper(true));
window.addEventListener("afterprint", () => onPaper(false));
