// From our small figure to an echarts option. Colours come from the CSS variables, so they follow the scheme.
const NARROW_PX = 480;
const SMALL_PX = 14;

function palette(figure) {
  const style = getComputedStyle(figure);
  return (name) => style.getPropertyValue(`--${name}`).trim();
}

const language = document.documentElement.lang;
const format = (value) =>
  value === null || value === undefined ? "—" : Number(value).toLocaleString(language, { maximumFractionDigits: 1 });

// an interval of its own, or several nested ones, the widest first
const bandsOf = (series) => series.bands ?? (series.low && series.high ? [{ low: series.low, high: series.high }] : []);

function tip(spec, points) {
  const box = document.createElement("div");
  box.className = "chart-tip";
  const line = (text) => box.append(Object.assign(document.createElement("p"), { textContent: text }));
  const index = points[0].dataIndex;
  line(spec.categories[index]);
  spec.series.forEach((series) => {
    const known = series.values[index] !== null || !series.bands;
    if (!known) return;
    const interval = bandsOf(series)
      .map((range) => ` (${range.label ? `${range.label}: ` : ""}${format(range.low[index])}–${format(range.high[index])})`)
      .join("");
    line(`${series.name} ${format(series.values[index])}${spec.unit ? ` ${spec.unit}` : ""}${interval}`);
  });
  return box;
}

const numbers = (values) => values.map((value) => (value === null ? null : Number(value)));

function markLine(spec, colour) {
  if (!spec.target) return undefined;
  const axis = spec.horizontal ? { xAxis: Number(spec.target.value) } : { yAxis: Number(spec.target.value) };
  return {
    symbol: "none",
    silent: true,
    animation: false,
    lineStyle: { color: colour("muted"), type: "dashed", width: 1 },
    label: {
      formatter: spec.target.label,
      position: spec.horizontal ? "start" : "insideStartTop",
      color: colour("muted"),
      fontSize: SMALL_PX,
    },
    data: [axis],
  };
}

function band(range, name, shade) {
  const shared = {
    type: "line",
    stack: `band-${name}`,
    stackStrategy: "all",
    symbol: "none",
    silent: true,
    animation: false,
    lineStyle: { opacity: 0 },
    tooltip: { show: false },
  };
  const low = numbers(range.low);
  const spread = numbers(range.high).map((high, at) => (high === null || low[at] === null ? null : high - low[at]));
  return [
    { ...shared, data: low },
    { ...shared, data: spread, areaStyle: { color: shade, opacity: 0.18 } },
  ];
}

function whisker(series, spec, ink) {
  const draw = (_, api) => {
    const at = api.value(0);
    const ends = [api.value(1), api.value(2)].map((value) => api.coord(spec.horizontal ? [value, at] : [at, value]));
    const [[x1, y1], [x2, y2]] = ends;
    const cap = 4;
    const line = (a, b, c, d) => ({ type: "line", shape: { x1: a, y1: b, x2: c, y2: d }, style: { stroke: ink, lineWidth: 1.5 } });
    const caps = spec.horizontal
      ? [line(x1, y1 - cap, x1, y1 + cap), line(x2, y2 - cap, x2, y2 + cap)]
      : [line(x1 - cap, y1, x1 + cap, y1), line(x2 - cap, y2, x2 + cap, y2)];
    return { type: "group", children: [line(x1, y1, x2, y2), ...caps] };
  };
  const data = series.values.map((_, at) => [at, Number(series.low[at]), Number(series.high[at])]).filter((row) => !row.some(Number.isNaN));
  const encode = spec.horizontal ? { x: [1, 2], y: 0 } : { x: 0, y: [1, 2] };
  return { type: "custom", renderItem: draw, data, encode, silent: true, z: 5, tooltip: { show: false } };
}

function drawnSeries(spec, colour, narrow, named) {
  const several = spec.series.length > 1;
  return spec.series.flatMap((series, index) => {
    const shade = colour(`series-${series.colour ?? index + 1}`);
    const common = {
      name: series.name,
      type: spec.kind,
      data: numbers(series.values),
      itemStyle: { color: shade },
      markLine: index === 0 ? markLine(spec, colour) : undefined,
    };
    const ranged = series.low && series.high;
    if (spec.kind === "line") {
      const endLabel = { show: named, formatter: "{a}", color: shade, fontSize: SMALL_PX, distance: 6 };
      const stroke = series.quiet ? { color: shade, width: 1.5, type: "dashed" } : { color: shade, width: 2 };
      const line = { ...common, lineStyle: stroke, symbol: series.quiet ? "none" : "circle", symbolSize: 5, endLabel, labelLayout: { moveOverlap: "shiftY" } };
      return [...bandsOf(series).flatMap((range, depth) => band(range, `${index}-${depth}`, shade)), line];
    }
    const roomy = spec.horizontal || spec.categories.length <= (narrow ? 6 : 14);
    const label = {
      show: !several && roomy && !ranged,
      position: spec.horizontal ? "right" : "top",
      color: colour("ink"),
      fontSize: SMALL_PX,
      formatter: (point) => format(point.value),
    };
    const bar = { ...common, label, barMaxWidth: 36, barCategoryGap: "30%", barGap: "10%" };
    return ranged ? [bar, whisker(series, spec, colour("ink"))] : [bar];
  });
}

function axes(spec, colour) {
  const text = { color: colour("muted"), fontSize: SMALL_PX };
  const names = {
    type: "category",
    data: spec.categories,
    inverse: Boolean(spec.horizontal),
    axisTick: { show: false },
    axisLine: { lineStyle: { color: colour("line-strong") } },
    axisLabel: { ...text, hideOverlap: true, ...(spec.horizontal ? { interval: 0, width: 136, overflow: "break", lineHeight: 15 } : {}) },
  };
  const values = {
    type: "value",
    scale: spec.y_from_zero === false,
    splitNumber: 4,
    splitLine: { lineStyle: { color: colour("line") } },
    axisLabel: { ...text, formatter: format, hideOverlap: true },
  };
  return spec.horizontal ? { xAxis: values, yAxis: names } : { xAxis: names, yAxis: values };
}

export function options(spec, figure, width) {
  const colour = palette(figure);
  const narrow = width < NARROW_PX;
  // where there is room for that; elsewhere the style sheet shows the legend above the drawing (core/charts.py)
  const endLabels = figure.classList.contains("names-at-ends") && !narrow;
  const longest = Math.max(...spec.series.map((series) => [...series.name].reduce((sum, char) => sum + (char > "\u2e7f" ? 1 : 0.55), 0)));
  const still =
    window.matchMedia("(prefers-reduced-motion: reduce)").matches || document.documentElement.classList.contains("paper");
  return {
    animation: !still,
    animationDuration: 200,
    // echarts writes the families unescaped into an attribute when it serialises the drawing
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily.replaceAll('"', "'") },
    aria: { enabled: true, label: { description: `${spec.title}` } },
    grid: {
      left: 4,
      right: endLabels ? Math.min(width * 0.3, longest * SMALL_PX + 16) : spec.horizontal && spec.series.length === 1 && !spec.series[0].low ? 48 : 16,
      top: 24,
      bottom: 4,
      outerBoundsMode: "same",
      outerBoundsContain: "axisLabel",
    },
    tooltip: {
      trigger: "axis",
      confine: true,
      axisPointer: { type: spec.kind === "line" ? "line" : "shadow" },
      padding: 0,
      borderWidth: 0,
      backgroundColor: "transparent",
      formatter: (points) => tip(spec, points),
    },
    ...axes(spec, colour),
    series: drawnSeries(spec, colour, narrow, endLabels),
  };
}
