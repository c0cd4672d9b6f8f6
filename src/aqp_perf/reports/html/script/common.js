/* Shared by all charts. */

const tip = (title, rows) => {
  const box = document.createElement("div");
  box.className = "tip";
  const head = document.createElement("b");
  head.textContent = title;
  box.append(head);
  for (const [name, value] of rows) {
    const row = document.createElement("div");
    for (const text of [name, value]) row.append(Object.assign(document.createElement("span"), { textContent: text }));
    box.append(row);
  }
  return box;
};
const base = (theme, { narrow, left = 58 }) => ({
  animation: false,
  textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: theme.muted },
  grid: { left, right: narrow ? 14 : 24, top: 16, bottom: 34 },
  tooltip: { confine: true, backgroundColor: theme.surface, borderColor: theme.line, padding: [6, 10], transitionDuration: 0, axisPointer: { lineStyle: { color: theme.muted }, animation: false } },
});
const axis = (theme, more) => ({
  axisLine: { lineStyle: { color: theme.line } },
  axisTick: { show: false },
  axisLabel: { color: theme.muted, hideOverlap: true, ...more.axisLabel },
  splitLine: { lineStyle: { color: theme.line } },
  ...Object.fromEntries(Object.entries(more).filter(([key]) => key !== "axisLabel")),
});
const timeAxis = (theme, duration, narrow) => {
  const interval = STEPS_S.find((step) => duration / step <= (narrow ? 4 : 8)) || 86400;
  return axis(theme, { type: "value", min: 0, max: duration, interval, splitLine: { show: false }, axisLabel: { formatter: (value) => (value === duration && value % interval ? "" : clock(value)) } });
};
/* A logarithmic axis from 1, 2 or 5 below the smallest value to 1, 2 or 5 above the largest; few decades have all three as ticks. */
const logAxis = (theme, values) => {
  const known = values.filter((value) => value > 0);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const decade = Math.floor(Math.log10(low));
  const decades = Math.ceil(Math.log10(high)) - decade + 1;
  const marks = Array.from({ length: decades }, (_, i) => [1, 2, 5].map((digit) => Number(`${digit}e${decade + i}`))).flat();
  const min = marks.findLast((mark) => mark <= low * 1.001);
  const max = marks.find((mark) => mark >= high * 0.999 && mark > min);
  const customValues = marks.filter((mark) => mark >= min && mark <= max && (max / min <= 500 || Number.isInteger(Math.log10(mark))));
  return axis(theme, { type: "log", min, max, axisTick: { show: false, customValues }, axisLabel: { customValues, formatter: axisMs } });
};
const line = (name, colourOf, data, more = {}) => ({
  type: "line", name, data, showSymbol: false, lineStyle: { width: 2, color: colourOf }, itemStyle: { color: colourOf }, emphasis: { disabled: true }, ...more,
});
/* A line shows single values between gaps as dots: there is nothing to join them with. */
const dotted = (pairs) => pairs.map((value, i) => {
  const isAlone = value[1] !== null && (pairs[i - 1]?.[1] ?? null) === null && (pairs[i + 1]?.[1] ?? null) === null;
  return { value, symbol: isAlone ? "circle" : "none", symbolSize: 5 };
});

/* ---- limits ---- */

const MARK_PX = 44; // length of a limit that holds at one percentile
const TEXT_PX = 15; // room for its text above it
/* What an axis must reach for a limit and its text to lie inside the plot. */
const roomFor = (limits) => limits.flatMap(({ ms }) => [ms / 1.25, ms * 1.25]);
/* Limits with their rules as texts: at their x, or without one from side to side. */
const limitMarks = (theme, limits) => ({
  type: "custom", name: "limit", silent: true, z: 6, tooltip: { show: false },
  data: limits.map(({ x, ms }, i) => [x ?? 0, ms, i]),
  renderItem: ({ coordSys: plot }, api) => {
    const limit = limits[api.value(2)];
    const [middle, y] = api.coord([api.value(0), api.value(1)]);
    const right = plot.x + plot.width;
    const isWide = limit.x === undefined;
    const x1 = isWide ? plot.x : Math.max(plot.x, Math.min(middle, right - MARK_PX / 2) - MARK_PX / 2);
    const x2 = isWide ? right : x1 + MARK_PX;
    const isRight = isWide || middle > plot.x + plot.width / 2;
    const colourOf = { fail: theme.bad, pass: theme.good }[limit.verdict] || theme.warn;
    return {
      type: "group",
      children: [
        { type: "line", shape: { x1, x2, y1: y, y2: y }, style: { stroke: colourOf, lineWidth: isWide ? 1.5 : 4, lineDash: isWide ? [2, 3] : null } },
        {
          type: "text",
          style: {
            x: isRight ? x2 : x1, y: y - plot.y < TEXT_PX ? y + 4 : y - 4, text: limit.text,
            align: isRight ? "right" : "left", verticalAlign: y - plot.y < TEXT_PX ? "top" : "bottom",
            fill: colourOf, backgroundColor: theme.surface, padding: [1, 4], borderRadius: 3, fontSize: 12, fontWeight: 600,
          },
        },
      ],
    };
  },
});
