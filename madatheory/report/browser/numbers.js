"use strict";
// What the page computes beside the package's own functions: curves, crossings, least values. Nothing here draws.

/** A number with so many significant digits, as people write it. */
const shown = (x, digits = 4) => {
  if (!Number.isFinite(x)) return x === Infinity ? "∞" : String(x);
  const size = Math.abs(x);
  if (Number.isInteger(x) && size < 1e7) return String(x);
  // decays near 1 need all their nines
  const kept = size < 1 && size > 0.9 ? Math.min(15, digits - 1 + Math.ceil(-Math.log10(1 - size))) : digits;
  const value = Number(x.toPrecision(Math.max(1, Math.min(17, kept))));
  return size >= 1e-4 && size < 1e7 ? String(value) : value.toExponential().replace("e+", "e");
};

/** Why `value` is not admitted by [low, high, low is refused, high is refused], or null. */
const outside = (name, value, [low, high, openLow, openHigh]) => {
  if (typeof value !== "number" || Number.isNaN(value)) return `${name} is no number`;
  const below = low !== null && (openLow ? value <= low : value < low);
  const above = high !== null && (openHigh ? value >= high : value > high);
  if (!below && !above && Number.isFinite(value)) return null;
  const left = low === null ? "(-∞" : `${openLow ? "(" : "["}${shown(low)}`;
  const right = high === null ? "∞)" : `${shown(high)}${openHigh ? ")" : "]"}`;
  return `${name} = ${shown(value)} is outside ${left}, ${right}`;
};

/** Why a theorem does not apply at `q`, or null. */
const refusal = (theorem, q) => {
  for (const name of theorem.inputs) {
    const why = outside(name, q[name], theorem.admitted[name]);
    if (why) return why;
  }
  for (const condition of theorem.conditions) {
    const why = condition.fails(q);
    if (why) return why;
  }
  return null;
};

/** The right side at `q`; NaN where the theorem does not apply. */
const valueAt = (theorem, q) => (refusal(theorem, q) ? NaN : theorem.bound(q));

/** Values of a scale: log, linear, or decay, which spreads out what is near 1. `place` is in [0, 1]. */
const SCALES = {
  log: { at: (place, low, high) => low * Math.exp(place * Math.log(high / low)), place: (x, low, high) => Math.log(x / low) / Math.log(high / low) },
  linear: { at: (place, low, high) => low + place * (high - low), place: (x, low, high) => (x - low) / (high - low) },
  decay: {
    at: (place, low, high) => 1 - (1 - low) * Math.exp(place * Math.log((1 - high) / (1 - low))),
    place: (x, low, high) => Math.log((1 - x) / (1 - low)) / Math.log((1 - high) / (1 - low)),
  },
};

/** The values of one axis, rising, `count` or fewer where they are whole. */
const axisValues = ({ low, high, scale, whole }, count) => {
  const values = Array.from({ length: count }, (_, i) => SCALES[scale].at(i / (count - 1), low, high));
  values[0] = low;
  values[count - 1] = high;
  return whole ? [...new Set(values.map(Math.round))] : values;
};

/**
 * Where a right side changes place with another: `values` of both at `xs` tell between which, bisection with the functions
 * `at` finds where.
 */
const crossings = (axis, xs, first, second) => {
  const found = [];
  const gap = (a, b) => Math.log(a / b);
  const clear = (g) => Math.abs(g) > 1e-9; // equal up to rounding is no order
  let last = null;
  xs.forEach((x, i) => {
    const g = gap(first.values[i], second.values[i]);
    if (!Number.isFinite(g)) last = null;
    if (!Number.isFinite(g) || !clear(g)) return;
    if (last && Math.sign(g) !== Math.sign(last.g)) {
      let [a, b] = [last.x, x];
      for (let k = 0; k < 60 && (axis.whole ? b - a > 1 : b - a > 1e-12 * Math.abs(b)); k++) {
        const half = SCALES[axis.scale].at(0.5, a, b);
        const middle = axis.whole ? Math.min(b - 1, Math.max(a + 1, Math.round(half))) : half;
        const there = gap(first.at(middle), second.at(middle));
        if (!Number.isFinite(there)) break;
        if (Math.sign(there) === Math.sign(last.g) || !clear(there)) a = middle;
        else b = middle;
      }
      found.push({ x: b, y: first.at(b), below: g < 0 ? "first" : "second" });
    }
    last = { x, g };
  });
  return found;
};

/** The least value of `f` on [low, high] of a scale: a scan, then golden sections beside the best of it. */
const least = (f, { low, high, scale }, points = 60, rounds = 44) => {
  const at = (place) => SCALES[scale].at(place, low, high);
  const value = (place) => {
    const found = f(at(place));
    return Number.isNaN(found) ? Infinity : found;
  };
  let best = 0;
  const scan = Array.from({ length: points }, (_, i) => value(i / (points - 1)));
  scan.forEach((v, i) => (best = v < scan[best] ? i : best));
  if (scan[best] === Infinity) return null;
  const golden = (Math.sqrt(5) - 1) / 2;
  let [a, b] = [Math.max(0, best - 1) / (points - 1), Math.min(points - 1, best + 1) / (points - 1)];
  let [c, d] = [b - golden * (b - a), a + golden * (b - a)];
  let [fc, fd] = [value(c), value(d)];
  for (let i = 0; i < rounds; i++) {
    if (fc <= fd) [b, d, fd, c, fc] = [d, c, fc, d - golden * (d - a), null];
    else [a, c, fc, d, fd] = [c, d, fd, c + golden * (b - c), null];
    if (fc === null) fc = value(c);
    if (fd === null) fd = value(d);
  }
  const place = [c, best / (points - 1)].reduce((p, q) => (value(q) < value(p) ? q : p));
  return { at: at(place), value: value(place), end: place < 1e-6 ? "low" : place > 1 - 1e-6 ? "high" : null };
};

/** The least value over two names at once: for every value of the outer one the best inner one. */
const leastOfTwo = (f, outer, inner) => {
  const given = (y) => least((x) => f(x, y), inner, 40, 36);
  const found = least((y) => given(y)?.value ?? NaN, outer, 40, 30);
  return found && { outer: found, inner: given(found.at), value: found.value };
};
