/* Draws the charts of the page, and the table behind each. All texts of a run reach the page as text, never as markup. */
"use strict";
(() => {
  const root = document.documentElement;
  const runs = JSON.parse(document.getElementById("data").textContent);
  const history = JSON.parse(document.getElementById("trends")?.textContent ?? "[]");
  const drawn = new Map(); // element of a chart → what it shows

  /* ---- figures ---- */

  const short = (value, digits = 3) => {
    if (value === null || value === undefined) return "-";
    if (value !== 0 && Math.abs(value) < 1e-3) return value.toPrecision(2);
    const whole = Math.abs(value) >= 10 ** (digits - 1);
    return value.toLocaleString("en", whole ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: digits });
  };
  const ms = (value) => {
    if (value === null || value === undefined) return "-";
    return value >= 10_000 ? `${short(value / 1000)} s` : `${short(value)} ms`;
  };
  const axisMs = (value) => {
    if (value >= 1000) return `${short(value / 1000)} s`;
    return value < 0.1 ? `${short(value * 1000)} µs` : `${short(value)} ms`;
  };
  const percentile = (x) => `p${Number((100 * (1 - 1 / x)).toPrecision(12)).toLocaleString("en", { maximumFractionDigits: 6 })}`;
  const clock = (seconds) => {
    const whole = Math.round(seconds);
    const hours = Math.floor(whole / 3600);
    const minutes = Math.floor(whole / 60) % 60;
    if (hours) return `${hours} h${minutes ? ` ${minutes} min` : ""}`;
    if (minutes) return `${minutes} min${whole % 60 ? ` ${whole % 60} s` : ""}`;
    return `${Number(seconds.toFixed(3))} s`;
  };
  const STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];
  const cut = (text, most) => (text.length <= most ? text : `${text.slice(0, most - Math.ceil(most / 3))}…${text.slice(1 - Math.ceil(most / 3))}`);

  /* ---- colours ---- */

  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const colour = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const palette = () => {
    const names = ["ink", "muted", "line", "surface", "accent", "service", "bad", "warn", "good", "waiting", "aggregate", "retrieve"];
    const theme = Object.fromEntries(names.map((name) => [name, colour(name)]));
    const [low, high] = ["heat-low", "heat-high"].map((name) => colour(name).match(/[\d.]+/g).map(Number));
    theme.heat = (ratio) => `rgb(${low.map((from, i) => Math.round(from + (high[i] - from) * ratio)).join()})`;
    return theme;
  };

  /* ---- what all charts have in common ---- */

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
  const base = (theme, { legend = [], narrow, left = 58 }) => ({
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: theme.muted },
    grid: { left, right: narrow ? 14 : 24, top: legend.length ? 36 : 16, bottom: 34 },
    legend: { show: legend.length > 0, data: legend, left: 0, top: 4, itemWidth: 20, itemGap: 16, textStyle: { color: theme.muted }, inactiveColor: theme.line },
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

  /* ---- the charts: each returns an ECharts option, its table, a summary in words; or why it is empty ---- */

  const CHARTS = {
    percentiles({ operation, theme, narrow }) {
      const found = operation.percentiles;
      if (!found) return { empty: "No request was completed." };
      const { latency_ms: latency, service_time_ms: service } = found;
      const x = found.tails.map((tail) => 1 / tail); // its logarithm is how far to the right a percentile stands
      const samples = x.at(-1);
      const pairs = (values) => values.map((value, i) => [x[i], value]);
      const latencyName = service ? "latency" : "latency, and service time: they are equal";
      const marks = operation.limits.map((limit) => ({ ...limit, x: 1 / limit.tail })).filter((limit) => limit.x <= samples);
      const series = [
        line(latencyName, theme.accent, pairs(latency), {
          markArea: { silent: true, itemStyle: { color: theme.line, opacity: 0.45 }, data: [[{ xAxis: Math.max(1 / found.sound_tail, 1) }, { xAxis: samples }]] },
        }),
      ];
      if (service) series.push(line("service time", theme.service, pairs(service), { lineStyle: { width: 2, type: [6, 4], color: theme.service } }));
      if (marks.length) {
        series.push({
          type: "line", name: "limit", showSymbol: true, symbol: "triangle", symbolRotate: 180, symbolSize: 12, lineStyle: { width: 0 }, itemStyle: { color: theme.ink },
          data: marks.map((limit) => ({ value: [limit.x, limit.ms], symbolOffset: [0, -6], itemStyle: { color: { fail: theme.bad, pass: theme.good }[limit.verdict] || theme.warn } })),
        });
      }
      const at = (q) => latency[x.findIndex((each) => each * 1.000001 >= 1 / (1 - q))] ?? latency.at(-1);
      const common = base(theme, { legend: series.map((each) => each.name), narrow });
      return {
        summary: `p50 ${ms(at(0.5))}, p99 ${ms(at(0.99))}, max ${ms(latency.at(-1))}`,
        option: {
          ...common,
          xAxis: axis(theme, { type: "log", logBase: 10, min: 1, max: Math.max(samples, 10), axisLabel: { formatter: (value) => (value === 1 ? "min" : Number.isInteger(Math.log10(value)) ? percentile(value) : "") } }),
          yAxis: logAxis(theme, [...latency, ...(service || []), ...marks.map((limit) => limit.ms)]),
          tooltip: {
            ...common.tooltip,
            trigger: "axis",
            formatter: (params) => {
              const at = params.find((each) => each.seriesName !== "limit") || params[0];
              const value = at.value[0];
              const rows = params.filter((each) => each.seriesName !== "limit").map((each) => [each.seriesName.split(",")[0], ms(each.value[1])]);
              for (const limit of marks) if (Math.abs(Math.log(limit.x / value)) < 0.1) rows.push(["limit", limit.text]);
              return tip(value === 1 ? "smallest" : value === samples ? "largest" : percentile(value), rows);
            },
          },
          series,
        },
        table: () => ({
          head: ["Percentile", "Latency", ...(service ? ["Service time"] : [])],
          rows: x.map((value, i) => [i === 0 ? "min" : i === x.length - 1 ? "max" : percentile(value), ms(latency[i]), ...(service ? [ms(service[i])] : [])]),
        }),
      };
    },

    heatmap({ run, operation, theme, narrow }) {
      const found = operation.timeline;
      if (!found) return { empty: "This result has no record over time." };
      const { slice_s: width, edges_ms: edges, columns } = found;
      const most = Math.max(1, ...columns.flatMap((column) => column.slice(1)));
      const end = (slice) => Math.min((slice + 1) * width, run.duration_s);
      const middle = (slice) => (slice * width + end(slice)) / 2;
      const names = { p50_ms: "p50 of a slice", p99_ms: "p99 of a slice" };
      const lines = Object.keys(names).filter((key) => found[key].some((value) => value !== null));
      const colours = { p50_ms: theme.service, p99_ms: theme.bad };
      const longest = ([first, ...counts]) => (counts.length ? ms(edges[first + counts.length]) : "-");
      const common = base(theme, { legend: lines.map((key) => names[key]), narrow });
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
                  style: { fill: theme.heat(Math.log1p(count) / Math.log1p(most)) },
                }
              : [],
          ),
        };
      };
      return {
        summary: `${columns.length} slices of ${clock(width)}, latencies from ${ms(edges[0])} to ${ms(edges.at(-1))}`,
        option: {
          ...common,
          xAxis: timeAxis(theme, run.duration_s, narrow),
          yAxis: logAxis(theme, edges),
          tooltip: {
            ...common.tooltip,
            trigger: "axis",
            formatter: (params) => {
              const slice = params.find((each) => each.seriesType === "custom").value[3];
              return tip(`${clock(slice * width)} to ${clock(end(slice))}`, [
                ["requests", short(found.requests[slice], 9)],
                ["failures", short(found.failures[slice], 9)],
                ...lines.map((key) => [key.slice(0, 3), ms(found[key][slice])]),
                ["longest, at most", longest(columns[slice])],
              ]);
            },
          },
          series: [
            {
              type: "custom", name: "requests", clip: true, encode: { x: 0, y: [1, 2] }, progressive: 0, emphasis: { disabled: true }, renderItem: column,
              data: columns.map((_, slice) => [middle(slice), edges[0], edges.at(-1), slice]).filter((each) => columns[each[3]].length),
            },
            ...lines.map((key) => line(names[key], colours[key], found[key].map((value, slice) => [middle(slice), value]), { silent: true, z: 3, lineStyle: { width: 1.5, color: colours[key] } })),
          ],
        },
        table: () => ({
          head: ["From", "Requests", "p50", "p99", "Longest, at most"],
          rows: columns.map((each, slice) => [clock(slice * width), short(found.requests[slice], 9), ms(found.p50_ms[slice]), ms(found.p99_ms[slice]), longest(each)]),
        }),
      };
    },

    rates({ run, operation, theme, narrow }) {
      const found = operation.timeline;
      if (!found) return { empty: "This result has no record over time." };
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
      const steps = (rates) => [...rates.map((rate, i) => [i * width, rate]), [run.duration_s, rates.at(-1)]];
      const area = (name, colourOf, rates) => line(name, colourOf, steps(rates), { step: "end", areaStyle: { color: colourOf, opacity: 0.2 }, lineStyle: { width: 1.5, color: colourOf } });
      const common = base(theme, { legend: ["requests/s", "failures/s"], narrow });
      const total = (counts) => counts.reduce((sum, count) => sum + count, 0);
      return {
        summary: `${short(total(found.requests), 9)} requests, ${short(total(found.failures), 9)} failures`,
        option: {
          ...common,
          xAxis: timeAxis(theme, run.duration_s, narrow),
          yAxis: axis(theme, { type: "value", min: 0, splitNumber: 4 }),
          tooltip: {
            ...common.tooltip,
            trigger: "axis",
            formatter: (params) => {
              const i = Math.min(Math.round(params[0].value[0] / width), requests.length - 1);
              return tip(`from ${clock(i * width)}`, [["requests/s", short(requests[i], 4)], ["failures/s", short(failures[i], 4)]]);
            },
          },
          series: [area("requests/s", theme.accent, requests), area("failures/s", theme.bad, failures)],
        },
        table: () => ({
          head: ["From", "Requests", "Failures", "Requests/s", "Failures/s"],
          rows: requests.map((rate, i) => [clock(i * width), short(requestCounts[i], 9), short(failureCounts[i], 9), short(rate, 4), short(failures[i], 4)]),
        }),
      };
    },

    trend({ operation: trend, theme, narrow }) {
      const { unit, points, levels } = trend;
      const value = { ms, "/s": (number) => `${short(number, 4)}/s`, "%": (number) => `${short(number, 3)}%` }[unit];
      const day = (time) => new Date(time).toISOString().slice(0, 10);
      const began = new Map(levels.slice(1).map(([start, , mean], i) => [start, `from ${value(levels[i][2])} to ${value(mean)}`]));
      const common = base(theme, { legend: levels.length ? ["session", "level"] : [], narrow });
      const steps = levels.flatMap(([start, end, mean]) => [[points[start][0], mean], [points[end - 1][0], mean], [points[end - 1][0], null]]);
      return {
        summary: `${points.length} sessions from ${day(points[0][0])} to ${day(points.at(-1)[0])}, the last ${value(points.at(-1)[1])}, changes of level: ${began.size}`,
        option: {
          ...common,
          useUTC: true,
          xAxis: axis(theme, { type: "time", splitLine: { show: false }, axisLabel: { formatter: day }, splitNumber: narrow ? 2 : 6 }),
          yAxis: axis(theme, { type: "value", min: 0, splitNumber: 4, axisLabel: { formatter: value } }),
          tooltip: {
            ...common.tooltip,
            trigger: "axis",
            formatter: (params) => {
              const at = points.findIndex(([time]) => time === params[0].value[0]);
              const rows = [["session", value(points[at][1])], ["commit", points[at][2] || "-"]];
              if (began.has(at)) rows.push(["new level", began.get(at)]);
              return tip(day(points[at][0]), rows);
            },
          },
          series: [
            line("session", theme.accent, points.map(([time, number]) => [time, number]), { showSymbol: true, symbolSize: 5, lineStyle: { width: 1, color: theme.accent, opacity: 0.6 } }),
            ...(levels.length ? [line("level", theme.bad, steps, { connectNulls: false, lineStyle: { width: 2.5, color: theme.bad } })] : []),
          ],
        },
        table: () => ({
          head: ["Session", "Value", "Commit", "New level"],
          rows: points.map(([time, number, commit], i) => [day(time), value(number), commit || "-", began.get(i) || ""]),
        }),
      };
    },

    service({ run, theme, narrow }) {
      const known = run.operations.filter((each) => each.p99_ms[0] !== null);
      if (!known.length) return { empty: "No request was completed." };
      return bars(theme, narrow, {
        names: known.map((each) => each.name),
        parts: [
          ["latency", theme.accent, known.map((each) => each.p99_ms[0])],
          ["service time", theme.service, known.map((each) => each.p99_ms[1])],
        ],
        stacked: false,
      });
    },

    shares({ run, theme, narrow }) {
      const known = run.operations.filter((each) => each.shares_ms);
      if (!known.length) return { empty: "No answer said where its time went: only an AQP does." };
      const part = (name, key, colourOf) => [name, colourOf, known.map((each) => each.shares_ms[key])];
      return bars(theme, narrow, {
        names: known.map((each) => each.name),
        parts: [
          part("waiting to be sent", "waiting", theme.waiting),
          part("client and network", "client_and_network", theme.accent),
          part("AQP", "aggregate", theme.aggregate),
          part("DynamoDB", "retrieve", theme.retrieve),
        ],
        stacked: true,
      });
    },
  };

  /* Lying bars, the name of each operation above its own: names are long. */
  const bars = (theme, narrow, { names, parts, stacked }) => {
    const room = narrow ? 38 : 120;
    const common = base(theme, { legend: parts.map(([name]) => name), narrow, left: 8 });
    return {
      height: 80 + (narrow && parts.length > 2 ? 24 : 0) + names.length * 52,
      summary: names.map((name, i) => `${name}: ${parts.map(([part, , values]) => `${part} ${ms(values[i])}`).join(", ")}`).join("; "),
      option: {
        ...common,
        grid: { ...common.grid, top: narrow && parts.length > 2 ? 56 : 32 },
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
        })).map((each) => ({ ...each, barCategoryGap: "60%" })),
      },
      table: () => ({ head: ["Operation", ...parts.map(([name]) => name)], rows: names.map((name, i) => [name, ...parts.map(([, , values]) => ms(values[i]))]) }),
    };
  };

  /* ---- drawing ---- */

  const fill = (place, { head, rows }) => {
    const table = document.createElement("table");
    const row = (cells, tag) => {
      const line = document.createElement("tr");
      cells.forEach((text, i) => {
        const cell = document.createElement(i && tag === "td" ? "td" : "th");
        cell.scope = tag === "th" ? "col" : i ? undefined : "row";
        if (i) cell.className = "number";
        cell.textContent = text;
        line.append(cell);
      });
      return line;
    };
    table.createTHead().append(row(head, "th"));
    const body = table.createTBody();
    for (const cells of rows) body.append(row(cells, "td"));
    place.replaceChildren(table);
  };

  const draw = (figure) => {
    const place = figure.querySelector(".canvas");
    const empty = figure.querySelector(".empty");
    const details = figure.querySelector("details");
    const article = figure.closest("[data-run]");
    const run = article.dataset.run === "history" ? { operations: history } : runs[article.dataset.run];
    const operation = run.operations[article.querySelector(".choice select")?.value ?? 0];
    const narrow = figure.clientWidth < 560;
    const chart = CHARTS[figure.dataset.chart]({ run, operation, theme: palette(), narrow });
    empty.textContent = chart.empty || "";
    empty.hidden = !chart.empty;
    place.hidden = details.hidden = Boolean(chart.empty);
    figure.dataset.drawn = chart.empty ? "empty" : "yes";
    if (chart.empty) return;
    if (chart.height) place.style.height = `${chart.height}px`;
    const title = figure.querySelector("b").textContent;
    const of = chart.height ? "" : ` of ${operation.name}`;
    place.removeAttribute("aria-labelledby");
    place.setAttribute("aria-label", `${title}${of}: ${chart.summary}. The figures are in the table below.`);
    const instance = drawn.get(figure)?.instance || echarts.init(place, null, { renderer: "canvas" });
    instance.resize();
    instance.setOption(chart.option, { notMerge: true });
    drawn.set(figure, { instance, narrow });
    const show = () => details.open && fill(details.querySelector(".scroll"), chart.table());
    details.ontoggle = show;
    show();
  };
  const redraw = () => [...drawn.keys()].forEach(draw);

  const figures = [...document.querySelectorAll(".chart")];
  const near = new IntersectionObserver(
    (entries) => entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => {
      near.unobserve(target);
      if (!drawn.has(target)) draw(target);
    }),
    { rootMargin: "800px" },
  );
  const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => {
    const known = drawn.get(target);
    if (!known) return;
    if (target.clientWidth < 560 === known.narrow) known.instance.resize();
    else draw(target);
  }));
  for (const figure of figures) {
    // The first run is drawn at once; a page of many draws each when somebody comes near it.
    if (figure.closest("[data-run]").dataset.run === "0") draw(figure);
    else near.observe(figure);
    sizes.observe(figure);
  }
  performance.mark("charts-drawn");
  root.dataset.ready = "yes";

  /* ---- what people press ---- */

  for (const select of document.querySelectorAll(".choice select")) {
    select.addEventListener("change", () => {
      for (const figure of select.closest("[data-run]").querySelectorAll(".chart")) if (drawn.has(figure)) draw(figure);
    });
  }

  const THEMES = ["system", "light", "dark"];
  const theme = document.getElementById("theme");
  const setTheme = (name) => {
    root.dataset.theme = name;
    theme.textContent = `Theme: ${name}`;
    redraw();
  };
  theme.addEventListener("click", () => setTheme(THEMES[(THEMES.indexOf(root.dataset.theme) + 1) % THEMES.length]));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

  for (const button of document.querySelectorAll(".copy")) {
    const command = button.closest("section").querySelector("code");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(command.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(command); // a browser that lets no page near the clipboard
        button.textContent = "Selected: press Ctrl+C";
      }
    });
  }

  let before = root.dataset.theme;
  addEventListener("beforeprint", () => {
    before = root.dataset.theme;
    figures.filter((figure) => !drawn.has(figure)).forEach(draw);
    setTheme("light"); // on paper
  });
  addEventListener("afterprint", () => setTheme(before));
})();
