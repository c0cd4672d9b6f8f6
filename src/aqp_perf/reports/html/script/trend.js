/* A series of the history, with its levels. */

CHARTS.trend = ({ operation: trend, theme, narrow }) => {
  const { unit, points, levels, has_own_days: daily } = trend;
  const value = { ms, "/s": (number) => `${short(number)}/s`, "%": (number) => `${short(number, 3)}%` }[unit];
  const day = (time) => new Date(time).toISOString().slice(0, 10);
  const hour = (time) => new Date(time).toISOString().slice(11, 16);
  const when = daily ? day : (time) => `${day(time)} ${hour(time)} UTC`;
  const tick = daily ? day : (time) => `${day(time)}\n${hour(time)}`;
  const began = new Map(levels.slice(1).map(([start, , mean], i) => [start, `from ${value(levels[i][2])} to ${value(mean)}`]));
  const common = base(theme, { narrow });
  const steps = levels.flatMap(([start, end, mean]) => [[points[start][0], mean], [points[end - 1][0], mean], [points[end - 1][0], null]]);
  return {
    legend: levels.length ? [{ name: "session", colour: theme.accent }, { name: "level", colour: theme.bad }] : [],
    summary: `${points.length} sessions from ${when(points[0][0])} to ${when(points.at(-1)[0])}, the last ${value(points.at(-1)[1])}, changes of level: ${began.size}`,
    option: {
      ...common,
      grid: { ...common.grid, bottom: daily ? common.grid.bottom : 48 }, // labels of two lines
      useUTC: true,
      xAxis: axis(theme, { type: "time", splitLine: { show: false }, axisLabel: { formatter: tick, lineHeight: 15 }, minInterval: daily ? 86_400_000 : 60_000, splitNumber: narrow ? 2 : 6 }),
      yAxis: axis(theme, { type: "value", min: 0, splitNumber: 4, axisLabel: { formatter: value } }),
      tooltip: {
        ...common.tooltip,
        trigger: "axis",
        formatter: (params) => {
          const at = points.findIndex(([time]) => time === params[0].value[0]);
          const rows = [["session", value(points[at][1])], ["commit", points[at][2] || "-"]];
          if (began.has(at)) rows.push(["new level", began.get(at)]);
          return tip(when(points[at][0]), rows);
        },
      },
      series: [
        line("session", theme.accent, points.map(([time, number]) => [time, number]), { showSymbol: true, symbolSize: 5, lineStyle: { width: 1, color: theme.accent, opacity: 0.6 } }),
        ...(levels.length ? [line("level", theme.bad, steps, { connectNulls: false, lineStyle: { width: 2.5, color: theme.bad } })] : []),
      ],
    },
    table: () => ({
      head: ["Session", "Value", "Commit", "New level"],
      rows: points.map(([time, number, commit], i) => [when(time), value(number), commit || "-", began.get(i) || ""]),
    }),
  };
};
