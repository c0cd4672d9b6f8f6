/* Latency over time: a heat map with the percentiles of its slices, and bands where the load generator stood still. */

const BAND_PX = 2; // a shorter freeze could not be seen
const SHOWN_RATIO = 0.1; // of the longest freeze: hundreds of tiny ones would hide it
const stopsOf = ({ freezes, freezes_text: name }) => {
  const lengths = freezes.map(([, length]) => length);
  return {
    any: freezes.length > 0,
    name,
    summary: `${name}, ${freezes.length === 1 ? "once" : `${freezes.length} times`}, for ${ms(1000 * Math.max(...lengths))} at most`,
    /* How much of these seconds lies in freezes; those of two processes may overlap. */
    within: (from, to) => Math.min(to - from, freezes.reduce((sum, [start, length]) => sum + Math.max(0, Math.min(to, start + length) - Math.max(from, start)), 0)),
    bands: (theme) => ({
      type: "custom", name: "stood still", silent: true, clip: true, z: 1, tooltip: { show: false }, encode: { x: 0 },
      data: freezes.filter(([, length]) => length >= SHOWN_RATIO * Math.max(...lengths)),
      renderItem: ({ coordSys: plot }, api) => {
        const [x1, x2] = [api.value(0), api.value(0) + api.value(1)].map((x) => api.coord([x, 1])[0]);
        return { type: "rect", shape: { x: x1, y: plot.y, width: Math.max(x2 - x1, BAND_PX), height: plot.height }, style: { fill: theme.muted, opacity: 0.35 } };
      },
    }),
  };
};

CHARTS.heatmap = ({ run, operation, theme, narrow }) => {
  const found = operation.timeline;
  if (!found) return { empty: "No timeline was recorded." };
  const { slice_s: width, edges_ms: edges, columns } = found;
  const most = Math.max(1, ...columns.flatMap((column) => column.slice(1)));
  const end = (slice) => Math.min((slice + 1) * width, run.duration_s);
  const middle = (slice) => (slice * width + end(slice)) / 2;
  const names = { p50_ms: "p50 of a slice", p99_ms: "p99 of a slice" };
  const lines = Object.keys(names).filter((key) => found[key].some((value) => value !== null));
  const colours = { p50_ms: theme.service, p99_ms: theme.bad };
  const longest = ([first, ...counts]) => (counts.length ? ms(edges[first + counts.length]) : "-");
  const common = base(theme, { narrow });
  const limits = operation.limits.map((limit) => ({ ...limit, x: undefined }));
  const counts = [...new Set([0, 0.25, 0.5, 0.75, 1].map((ratio) => Math.max(1, Math.round(Math.expm1(ratio * Math.log1p(most))))))];
  const heat = (count) => theme.heat(Math.log1p(count) / Math.log1p(most));
  const stops = stopsOf(run);
  // A slice is one element with a rectangle for each of its rows: ten thousand elements would be slow.
  const column = (_, api) => {
    const slice = api.value(3);
    const [first, ...counts] = columns[slice];
    const [left, right] = [slice * width, end(slice)].map((x) => Math.floor(api.coord([x, edges[0]])[0]));
    const heights = edges.slice(first, first + counts.length + 1).map((edge) => Math.floor(api.coord([0, edge])[1]));
    return {
      type: "group",
      silent: true,
      children: counts.flatMap((count, i) =>
        count
          ? {
              type: "rect",
              shape: { x: left, y: heights[i + 1], width: Math.max(right - left, 1), height: Math.max(heights[i] - heights[i + 1], 1) },
              style: { fill: heat(count) },
            }
          : [],
      ),
    };
  };
  return {
    legend: [
      ...lines.map((key) => ({ name: names[key], colour: colours[key] })),
      ...(stops.any ? [{ name: stops.name, colour: theme.muted, kind: "area band" }] : []),
      ...counts.map((count, i) => ({ name: `${short(count, 9)}${i ? "" : count === 1 ? " request" : " requests"}`, colour: heat(count), kind: "area" })),
    ],
    summary: `${columns.length} slices of ${clock(width)}, latencies from ${ms(edges[0])} to ${ms(edges.at(-1))}${stops.any ? `, ${stops.summary}` : ""}`,
    option: {
      ...common,
      xAxis: timeAxis(theme, run.duration_s, narrow),
      yAxis: logAxis(theme, [...edges, ...roomFor(limits)]),
      tooltip: {
        ...common.tooltip,
        trigger: "axis",
        formatter: (params) => {
          const slice = params.find((series) => series.seriesName === "requests").value[3];
          return tip(`${clock(slice * width)} to ${clock(end(slice))}`, [
            ["requests", short(found.requests[slice], 9)],
            ["failures", short(found.failures[slice], 9)],
            ...lines.map((key) => [key.slice(0, 3), ms(found[key][slice])]),
            ["longest, at most", longest(columns[slice])],
            ...(stops.any && stops.within(slice * width, end(slice)) ? [["stood still", ms(1000 * stops.within(slice * width, end(slice)))]] : []),
          ]);
        },
      },
      series: [
        ...(stops.any ? [stops.bands(theme)] : []),
        {
          type: "custom", name: "requests", clip: true, encode: { x: 0, y: [1, 2] }, progressive: 0, emphasis: { disabled: true }, renderItem: column,
          data: columns.map((_, slice) => [middle(slice), edges[0], edges.at(-1), slice]).filter((point) => columns[point[3]].length),
        },
        ...lines.map((key) => line(names[key], colours[key], dotted(found[key].map((value, slice) => [middle(slice), value])), { showSymbol: true, showAllSymbol: true, silent: true, z: 3, lineStyle: { width: 1.5, color: colours[key] } })),
        ...(limits.length ? [limitMarks(theme, limits)] : []),
      ],
    },
    table: () => ({
      head: ["From", "Requests", "p50", "p99", "Longest, at most", ...(stops.any ? ["Stood still"] : [])],
      rows: columns.map((column, slice) => [
        ...[clock(slice * width), short(found.requests[slice], 9), ms(found.p50_ms[slice]), ms(found.p99_ms[slice]), longest(column)],
        ...(stops.any ? [ms(1000 * stops.within(slice * width, end(slice)))] : []),
      ]),
    }),
  };
};
