/* Requests and failures over time. */

CHARTS.rates = ({ run, operation, theme, narrow }) => {
  const found = operation.timeline;
  if (!found) return { empty: "No timeline was recorded." };
  // Spans of a second or more: in less, a steady rate looks ragged. A short rest belongs to the last one.
  const perSpan = Math.ceil(1 / found.slice_s);
  const width = perSpan * found.slice_s;
  const spans = Math.max(Math.round(Math.min(found.requests.length * found.slice_s, run.duration_s) / width), 1);
  const length = (i) => (i === spans - 1 ? run.duration_s : (i + 1) * width) - i * width;
  const summed = (counts) => {
    const sums = Array(spans).fill(0);
    counts.forEach((count, slice) => (sums[Math.min(Math.floor(slice / perSpan), spans - 1)] += count));
    return sums;
  };
  const [requestCounts, failureCounts] = [summed(found.requests), summed(found.failures)];
  const [requests, failures] = [requestCounts, failureCounts].map((counts) => counts.map((count, i) => count / length(i)));
  // The library drops a corner less than a pixel from the one before; the point after it keeps a low step from being a slope.
  const steps = (rates) => rates.flatMap((rate, i) => [0, 0.02, 1].map((part) => [i * width + part * length(i), rate]));
  const area = (name, colourOf, rates) => line(name, colourOf, steps(rates), { areaStyle: { color: colourOf, opacity: 0.2 }, lineStyle: { width: 1.5, color: colourOf } });
  const common = base(theme, { narrow });
  const total = (counts) => counts.reduce((sum, count) => sum + count, 0);
  return {
    legend: [{ name: "requests/s", colour: theme.accent }, { name: "failures/s", colour: theme.bad }],
    summary: `${short(total(found.requests), 9)} requests, ${short(total(found.failures), 9)} failures`,
    option: {
      ...common,
      xAxis: timeAxis(theme, run.duration_s, narrow),
      yAxis: axis(theme, { type: "value", min: 0, splitNumber: 4 }),
      tooltip: {
        ...common.tooltip,
        trigger: "axis",
        formatter: (params) => {
          const i = Math.min(Math.floor(params[0].axisValue / width), spans - 1);
          return tip(`from ${clock(i * width)}`, [["requests/s", short(requests[i])], ["failures/s", short(failures[i])]]);
        },
      },
      series: [area("requests/s", theme.accent, requests), area("failures/s", theme.bad, failures)],
    },
    table: () => ({
      head: ["From", "Requests", "Failures", "Requests/s", "Failures/s"],
      rows: requests.map((rate, i) => [clock(i * width), short(requestCounts[i], 9), short(failureCounts[i], 9), short(rate), short(failures[i])]),
    }),
  };
};
