/* The colours of the style sheet, as the charts need them. */

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
