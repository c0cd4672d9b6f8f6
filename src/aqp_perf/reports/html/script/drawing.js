/* Draws every chart when the reader scrolls near it, and the table behind it when it is opened. */

const fill = (place, title, { head, rows }) => {
  const table = document.createElement("table");
  table.createCaption().textContent = title;
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

/* Names beside colours, in the page's own text: it wraps and never lies on the chart. */
const explain = (place, items) => {
  place.hidden = !items.length;
  place.replaceChildren(...items.map(({ name, colour, kind = "line" }) => {
    const item = document.createElement("li");
    const swatch = Object.assign(document.createElement("i"), { className: kind });
    swatch.style.color = colour;
    item.append(swatch, name);
    return item;
  }));
};

const drawn = new Map(); // element of a chart → what it shows
const draw = (figure) => {
  const place = figure.querySelector(".canvas");
  const empty = figure.querySelector(".empty");
  const details = figure.querySelector(".figures");
  const article = figure.closest("[data-run]");
  const run = article.dataset.run === "history" ? { operations: trends } : runs[article.dataset.run];
  const operation = run.operations[article.querySelector(".choice select")?.value ?? 0];
  const narrow = figure.clientWidth < 560;
  const chart = CHARTS[figure.dataset.chart]({ run, operation, theme: palette(), narrow });
  empty.textContent = chart.empty || "";
  empty.hidden = !chart.empty;
  place.hidden = details.hidden = Boolean(chart.empty);
  explain(figure.querySelector(".legend"), chart.legend || []);
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
  for (const table of details.querySelectorAll("[data-operation]")) table.hidden = run.operations[table.dataset.operation] !== operation;
  const show = () => details.open && fill(details.querySelector(".scroll"), operation.name, chart.table());
  details.ontoggle = chart.table ? show : null;
  if (chart.table) show();
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
  // The first run, if it is open, is drawn at once; the others when the reader scrolls near them.
  const run = figure.closest("[data-run]");
  if (run.dataset.run === "0" && run.querySelector(".fold").open) draw(figure);
  else near.observe(figure);
  sizes.observe(figure);
}
performance.mark("charts-drawn");
root.dataset.ready = "yes";
