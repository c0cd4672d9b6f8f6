/* Bars of all operations: service time against latency, and where the time went. */

/* Horizontal bars below the name of their operation, which may be long. */
const bars = (theme, narrow, { names, parts, stacked }) => {
  const room = narrow ? 38 : 120;
  const common = base(theme, { narrow, left: 8 });
  return {
    legend: parts.map(([name, colourOf]) => ({ name, colour: colourOf, kind: "area" })),
    height: 56 + names.length * 52,
    summary: names.map((name, i) => `${name}: ${parts.map(([part, , values]) => `${part} ${ms(values[i])}`).join(", ")}`).join("; "),
    option: {
      ...common,
      grid: { ...common.grid, top: 8 },
      xAxis: axis(theme, { type: "value", axisLabel: { formatter: (value) => (value ? axisMs(value) : "0") }, splitNumber: narrow ? 3 : 6 }),
      yAxis: axis(theme, {
        type: "category", data: names, inverse: true, splitLine: { show: false },
        axisLabel: { inside: true, align: "left", verticalAlign: "bottom", padding: [0, 0, 13, -4], color: theme.ink, interval: 0, hideOverlap: false, formatter: (name) => cut(name, room) },
        z: 5,
      }),
      tooltip: {
        ...common.tooltip,
        trigger: "axis",
        axisPointer: { type: "shadow", shadowStyle: { color: theme.line, opacity: 0.4 } },
        formatter: (params) => tip(names[params[0].dataIndex], parts.map(([name, , values]) => [name, ms(values[params[0].dataIndex])])),
      },
      series: parts.map(([name, colourOf, data]) => ({
        type: "bar", name, data, stack: stacked ? "all" : undefined, barWidth: stacked ? 12 : 7, barGap: "15%", itemStyle: { color: colourOf }, emphasis: { disabled: true },
      })).map((bar) => ({ ...bar, barCategoryGap: "60%" })),
    },
  };
};

CHARTS.service = ({ run, theme, narrow }) => {
  const known = run.operations.filter((operation) => operation.p99_ms[0] !== null);
  if (!known.length) return { empty: "No request was completed." };
  return bars(theme, narrow, {
    names: known.map((operation) => operation.name),
    parts: [
      ["latency", theme.accent, known.map((operation) => operation.p99_ms[0])],
      ["service time", theme.service, known.map((operation) => operation.p99_ms[1])],
    ],
    stacked: false,
  });
};

CHARTS.shares = ({ run, theme, narrow }) => {
  const known = run.operations.filter((operation) => operation.shares_ms);
  if (!known.length) return { empty: "No answer reported where its time went; only an AQP does." };
  const part = (name, key, colourOf) => [name, colourOf, known.map((operation) => operation.shares_ms[key])];
  return bars(theme, narrow, {
    names: known.map((operation) => operation.name),
    parts: [
      part("waiting to be sent", "waiting", theme.waiting),
      part("client and network", "client_and_network", theme.accent),
      part("AQP", "aggregate", theme.aggregate),
      part("DynamoDB", "retrieve", theme.retrieve),
    ],
    stacked: true,
  });
};
