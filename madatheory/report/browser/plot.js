"use strict";
// Curves on a logarithmic y axis, drawn as SVG; the curves' values and what is marked come from the page.

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { left: 62, right: 58, top: 12, bottom: 44 };
const DASHES = ["", "9 4", "2 3", "10 3 2 3", "5 2"];

const element = (name, attributes = {}, parent = null, text = null) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  if (parent) parent.append(made);
  return made;
};

/** Round values between low and high of a scale, at most about `most`. */
const ticks = (low, high, scale, most) => {
  if (scale === "decay") {
    const nines = Array.from({ length: 16 }, (_, k) => 1 - 10 ** -(k + 1)).filter((x) => x >= low && x <= high);
    return [low, ...nines.filter((_, i) => i % Math.ceil(nines.length / most) === 0 && nines[i] > low)];
  }
  if (scale === "log") {
    const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
    const step = Math.max(1, Math.ceil((last - first) / most));
    const powers = [];
    for (let k = first; k <= last; k += step) powers.push(10 ** k);
    if (powers.length > 2 || high / low < 1.0001) return powers;
    if (high / low > 8) return powers.flatMap((p) => [p / 10, p]).flatMap((p) => [p, 2 * p, 5 * p]).filter((x) => x >= low && x <= high);
  }
  const raw = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push(Number((k * step).toPrecision(12)));
  return found;
};

const power = (x) => {
  const k = Math.round(Math.log10(x));
  return Math.abs(x / 10 ** k - 1) < 1e-9 && (k < -3 || k > 4) ? `1e${k}` : shown(x, 3);
};

/** Labels moved apart: each at least `gap` below the one before, inside [top, bottom]. */
const apart = (labels, gap, top, bottom) => {
  labels.sort((a, b) => a.y - b.y);
  labels.forEach((label, i) => (label.y = Math.max(label.y, i ? labels[i - 1].y + gap : top)));
  for (let i = labels.length - 1; i >= 0; i--) labels[i].y = Math.min(labels[i].y, i < labels.length - 1 ? labels[i + 1].y - gap : bottom);
  return labels;
};

/**
 * Draw `curves` ({label, colour, dash, values}) over `xs`, `ceilings` ({values}), `marks` ({x, y}) and the line `here`.
 * Returns what turns values into places and back.
 */
const drawPlot = (svg, { axis, title, xs, curves, ceilings, marks, here }) => {
  const width = Math.max(280, svg.clientWidth), height = Math.max(240, svg.clientHeight);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren();
  const [left, right, top, bottom] = [MARGIN.left, width - MARGIN.right, MARGIN.top, height - MARGIN.bottom];
  const drawn = (y) => Number.isFinite(y) && y > 0;
  const all = curves.flatMap((curve) => curve.values.filter(drawn));
  const bounds = all.length ? all.reduce(([a, b], y) => [Math.min(a, y), Math.max(b, y)], [Infinity, 0]) : [0.1, 10];
  const [low, high] = bounds[1] / bounds[0] > 1.3 ? [bounds[0] / 1.15, bounds[1] * 1.15] : [bounds[0] / 1.5, bounds[1] * 1.5];
  const toX = (x) => left + (right - left) * SCALES[axis.scale].place(x, axis.low, axis.high);
  const toY = (y) => bottom - (bottom - top) * SCALES.log.place(y, low, high);
  const fromX = (place) => SCALES[axis.scale].at(Math.min(1, Math.max(0, (place - left) / (right - left))), axis.low, axis.high);

  const grid = element("g", { class: "grid" }, svg);
  for (const x of ticks(axis.low, axis.high, axis.scale, width < 500 ? 4 : 8)) {
    element("line", { x1: toX(x), x2: toX(x), y1: top, y2: bottom }, grid);
    element("text", { x: toX(x), y: bottom + 17, "text-anchor": "middle" }, grid, power(x));
  }
  for (const y of ticks(low, high, "log", 7)) {
    element("line", { x1: left, x2: right, y1: toY(y), y2: toY(y) }, grid);
    element("text", { x: left - 6, y: toY(y) + 4, "text-anchor": "end" }, grid, power(y));
  }
  element("rect", { x: left, y: top, width: right - left, height: bottom - top, class: "frame" }, svg);
  element("text", { x: (left + right) / 2, y: height - 8, "text-anchor": "middle", class: "title" }, svg, title);

  const inside = element("clipPath", { id: "inside" }, element("defs", {}, svg));
  element("rect", { x: left, y: top, width: right - left, height: bottom - top }, inside);
  const lines = element("g", { "clip-path": "url(#inside)" }, svg);
  const path = (values) => {
    let text = "", pen = false;
    values.forEach((y, i) => {
      if (drawn(y)) text += `${pen ? "L" : "M"}${toX(xs[i]).toFixed(1)},${toY(y).toFixed(1)}`;
      pen = drawn(y);
    });
    return text;
  };
  for (const { values } of ceilings) element("path", { d: path(values), class: "ceiling" }, lines);
  if (here >= axis.low && here <= axis.high) element("line", { x1: toX(here), x2: toX(here), y1: top, y2: bottom, class: "here" }, lines);
  const labels = [];
  for (const { label, colour, dash, values } of curves) {
    element("path", { d: path(values), class: "curve", style: `stroke: ${colour}`, "stroke-dasharray": dash }, lines);
    const last = values.findLastIndex(drawn);
    if (last >= 0) labels.push({ label, colour, x: Math.min(right, toX(xs[last])) + 5, y: toY(values[last]) });
  }
  for (const { label, colour, x, y } of apart(labels, 14, top + 6, bottom - 2)) {
    // a long name stands inside, above its curve
    const where = label.length > 7 ? { x: x - 9, y: y - 3, "text-anchor": "end" } : { x, y: y + 4 };
    element("text", { ...where, style: `fill: ${colour}`, class: "name" }, svg, label);
  }
  for (const { x, y } of marks) element("circle", { cx: toX(x), cy: toY(y), r: 4.5, class: "crossing" }, lines);
  const cursor = element("g", { class: "cursor" }, svg);
  /** The line under the pointer, with dots on the curves; null takes it away. */
  const point = (x, dots = []) => {
    cursor.replaceChildren();
    if (x === null) return;
    element("line", { x1: toX(x), x2: toX(x), y1: top, y2: bottom }, cursor);
    for (const { y, colour } of dots) if (drawn(y)) element("circle", { cx: toX(x), cy: toY(y), r: 3.5, style: `fill: ${colour}` }, cursor);
  };
  return { fromX: (place) => fromX((place * width) / svg.clientWidth), point };
};
