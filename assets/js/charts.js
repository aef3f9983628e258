// Fetched by parts/charts-seen.js when the first chart of a page comes near the window.
import { BarChart, CustomChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { saveDrawing, saveImage, saveTable } from "./parts/chart-export.js";
import { options } from "./parts/chart-options.js";

use([BarChart, LineChart, CustomChart, GridComponent, TooltipComponent, MarkLineComponent, AriaComponent, SVGRenderer]);

const drawn = new Map();

// draws a figure from the JSON in it, once, and returns what can be asked of it afterwards
export function draw(figure) {
  if (drawn.has(figure)) return drawn.get(figure);
  const canvas = figure.querySelector("[data-chart-canvas]");
  const spec = JSON.parse(figure.querySelector("[data-chart-spec]").textContent);
  figure.classList.add("drawn");
  const chart = init(canvas, null, { renderer: "svg" });
  const paint = () => {
    chart.setOption(options(spec, figure, canvas.clientWidth), { notMerge: true });
    if (document.documentElement.classList.contains("paper")) chart.getZr().flush();
  };
  paint();
  let width = canvas.clientWidth;
  const watch = new ResizeObserver(() => {
    if (canvas.clientWidth === width) return;
    width = canvas.clientWidth;
    chart.resize();
    paint();
  });
  watch.observe(canvas);
  const savers = { image: () => saveImage(chart, figure), drawing: () => saveDrawing(chart, figure), csv: () => saveTable(figure) };
  drawn.set(figure, { paint, save: (kind) => savers[kind]() });
  return drawn.get(figure);
}

function onPaper(printing) {
  document.documentElement.classList.toggle("paper", printing);
  drawn.forEach(({ paint }) => paint());
}

window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawn.forEach(({ paint }) => paint()));
window.addEventListener("beforeprint", () => onPaper(true));
window.addEventListener("afterprint", () => onPaper(false));
