/* Numbers, times and percentiles as people read them. */

const short = (value, digits = 3) => {
  if (value === null || value === undefined) return "-";
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toPrecision(2);
  const whole = Math.abs(value) >= 10 ** (digits - 1);
  return value.toLocaleString("en", whole ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: digits });
};
const ms = (value) => {
  if (value === null || value === undefined) return "-";
  return value >= 1000 ? `${short(value / 1000)} s` : `${short(value)} ms`;
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
