/* Latency by percentile. */

CHARTS.percentiles = ({ operation, theme, narrow }) => {
  const found = operation.percentiles;
  if (!found) return { empty: "No request was completed." };
  const { latency_ms: latency, service_time_ms: service } = found;
  const x = found.tails.map((tail) => 1 / tail); // its logarithm is how far to the right a percentile stands
  const samples = x.at(-1);
  const pairs = (values) => values.map((value, i) => [x[i], value]);
  const limits = operation.limits.map((limit) => ({ ...limit, x: 1 / limit.tail }));
  const end = Math.max(samples, 10, ...limits.map((limit) => limit.x));
  const series = [
    line("latency", theme.accent, pairs(latency), {
      markArea: { silent: true, itemStyle: { color: theme.line, opacity: 0.45 }, data: [[{ xAxis: Math.max(1 / found.sound_tail, 1) }, { xAxis: end }]] },
    }),
  ];
  if (service) series.push(line("service time", theme.service, pairs(service), { lineStyle: { width: 2, type: [6, 4], color: theme.service } }));
  if (limits.length) series.push(limitMarks(theme, limits));
  const at = (q) => latency[x.findIndex((place) => place * 1.000001 >= 1 / (1 - q))] ?? latency.at(-1);
  const common = base(theme, { narrow });
  return {
    legend: [
      { name: service ? "latency" : "latency (service time is equal)", colour: theme.accent },
      ...(service ? [{ name: "service time", colour: theme.service, kind: "dashed" }] : []),
      { name: "fewer than 5 samples", colour: theme.line, kind: "area" },
    ],
    summary: `p50 ${ms(at(0.5))}, p99 ${ms(at(0.99))}, max ${ms(latency.at(-1))}`,
    option: {
      ...common,
      xAxis: axis(theme, { type: "log", logBase: 10, min: 1, max: end, axisLabel: { formatter: (value) => (value === 1 ? "min" : Number.isInteger(Math.log10(value)) ? percentile(value) : "") } }),
      yAxis: logAxis(theme, [...latency, ...(service || []), ...roomFor(limits)]),
      tooltip: {
        ...common.tooltip,
        trigger: "axis",
        formatter: (params) => {
          const value = params[0].value[0];
          const rows = params.filter((series) => series.seriesType === "line").map((series) => [series.seriesName, ms(series.value[1])]);
          for (const limit of limits) if (Math.abs(Math.log(limit.x / value)) < 0.1) rows.push(["limit", limit.text]);
          return tip(value === 1 ? "smallest" : value === samples ? "largest" : percentile(value), rows);
        },
      },
      series,
    },
  };
};
