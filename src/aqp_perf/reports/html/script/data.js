/* The figures that the charts draw. Texts of a run reach the page as text, never as markup. */

const root = document.documentElement;
const runs = JSON.parse(document.getElementById("data").textContent);
const trends = JSON.parse(document.getElementById("trends")?.textContent ?? "[]");
root.dataset.script = "on"; // the style sheet hides what is of no use without it

/* Name of a chart → what returns its ECharts option, its legend, a summary in words, and a table that the page does not have; or why it is empty. */
const CHARTS = {};
