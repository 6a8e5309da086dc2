"use strict";
// What is chosen, the controls that change it, and the tables; THEOREMS, VARIABLES and START come from the package.

const $ = (id) => document.getElementById(id);
const make = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};
const BY_NAME = Object.fromEntries(THEOREMS.map((theorem) => [theorem.name, theorem]));
const NAMES = Object.keys(VARIABLES);
const STEPS = 1000; // of a slider
const COUNT = 240; // values of a curve
const first = () => ({ on: [...START], x: "T", stretched: true, ranges: {}, q: Object.fromEntries(NAMES.map((n) => [n, VARIABLES[n].value])) });
let state = first();
let picture = null; // the plot as it is drawn, and the values under it

const range = (name, stretched = true) => {
  const { low, high, scale, whole } = VARIABLES[name];
  const own = state.ranges[name] ?? [low, high];
  return { name, low: own[0], high: own[1], whole, scale: stretched && SCALES[scale].place(own[0], own[0], own[1]) === 0 ? scale : "linear" };
};
const chosen = () => state.on.map((name) => BY_NAME[name]);
const label = (theorem) => (chosen().filter((other) => other.label === theorem.label).length > 1 ? theorem.name : theorem.label);
const colour = (theorem) => `var(--c${state.on.indexOf(theorem.name) % 8})`;
const dash = (theorem) => DASHES[state.on.indexOf(theorem.name) % DASHES.length];
const along = (theorem) => (x) => valueAt(theorem, { ...state.q, [state.x]: x });
const used = () => new Set(chosen().flatMap((theorem) => theorem.inputs));
const at = (names) => names.map((name) => `${name} = ${shown(state.q[name])}`).join(", ");

const swatch = (theorem) => {
  const svg = element("svg", { class: "swatch", viewBox: "0 0 30 10", "aria-hidden": "true" });
  element("path", { d: "M0,5H30", "stroke-dasharray": dash(theorem), "stroke-width": 2.5, style: `stroke: ${colour(theorem)}`, fill: "none" }, svg);
  return svg;
};

// --- the address keeps the state

const readHash = () => {
  const words = new URLSearchParams(location.hash.slice(1));
  const found = first();
  if (words.has("on")) found.on = [...new Set(words.get("on").split(",").filter((name) => name in BY_NAME))];
  if (NAMES.includes(words.get("x"))) found.x = words.get("x");
  found.stretched = words.get("scale") !== "linear";
  for (const name of NAMES) {
    const value = Number(words.get(name) ?? NaN);
    if (Number.isFinite(value)) found.q[name] = value;
    const ends = (words.get(`${name}-range`) ?? "").split(":").map(Number);
    if (ends.length === 2 && ends.every(Number.isFinite) && ends[0] < ends[1]) found.ranges[name] = ends;
  }
  state = found;
};
const writeHash = () => {
  const words = new URLSearchParams({ on: state.on.join(","), x: state.x, scale: state.stretched ? "stretched" : "linear" });
  for (const [name, ends] of Object.entries(state.ranges)) words.set(`${name}-range`, ends.join(":"));
  for (const name of NAMES) if (used().has(name) || state.q[name] !== VARIABLES[name].value) words.set(name, state.q[name]);
  const text = `#${words.toString().replaceAll("%2C", ",").replaceAll("%3A", ":")}`;
  if (text !== location.hash) history.replaceState(null, "", text);
};

// --- the picture

const draw = () => {
  const axis = range(state.x, state.stretched);
  const xs = axisValues(axis, COUNT);
  const curves = chosen().map((theorem) => ({ theorem, label: label(theorem), colour: colour(theorem), dash: dash(theorem), at: along(theorem), values: xs.map(along(theorem)) }));
  const ceilings = [];
  for (const theorem of chosen()) {
    if (!theorem.ceiling || ceilings.some((known) => known.left === theorem.left)) continue;
    ceilings.push({ left: theorem.left, values: xs.map((x) => theorem.ceiling({ ...state.q, [state.x]: x })) });
  }
  const found = [];
  curves.forEach((a, i) =>
    curves.slice(i + 1).forEach((b) => {
      if (a.theorem.left !== b.theorem.left) return;
      for (const { x, y, below } of crossings(axis, xs, a, b)) {
        found.push({ x, y, under: below === "first" ? a : b, over: below === "first" ? b : a });
      }
    }),
  );
  found.sort((a, b) => a.x - b.x);
  const scale = axis.scale === "linear" ? "" : axis.scale === "log" ? ", logarithmic" : ", spread out near 1";
  const title = `${state.x}: ${VARIABLES[state.x].meaning}${scale}`;
  picture = { axis, curves, ...drawPlot($("plot"), { axis, title, xs, curves, ceilings, marks: found, here: state.q[state.x] }) };
  describe(found, ceilings.length > 0);
  listCrossings(found);
  readOut(null);
};

const describe = (found, ceiling) => {
  const names = chosen().map(label);
  const lefts = [...new Set(chosen().map((theorem) => theorem.left))];
  $("title").textContent = names.length ? `Right sides of ${names.join(", ")} against ${state.x}` : "No theorem is chosen";
  const others = [...used()].filter((name) => name !== state.x);
  const parts = names.length ? [`Bounds on ${lefts.join("; on ")}${others.length ? `, at ${at(NAMES.filter((n) => others.includes(n)))}` : ""}.`] : ["Choose theorems in the list."];
  if (found.length) parts.push("Rings: one bound overtakes another.");
  if (used().has(state.x)) parts.push(`Broken upright line: ${at([state.x])}.`);
  if (ceiling) parts.push("Dotted: what the left side cannot exceed anyway; a bound above says nothing.");
  if (lefts.length > 1) parts.push("Different left sides are drawn together and not compared.");
  $("caption").textContent = parts.join(" ");
};

const readOut = (x) => {
  if (!picture) return;
  if (x === null) {
    picture.point(null);
    $("readout").replaceChildren(make("span", { className: "note" }, "Point at the picture, or use its arrow keys, to read values."));
    return;
  }
  picture.x = picture.axis.whole ? Math.round(x) : x;
  const dots = picture.curves.map((curve) => ({ ...curve, y: curve.at(picture.x) }));
  picture.point(picture.x, dots);
  const rows = dots.sort((a, b) => (Number.isNaN(a.y) ? 1 : Number.isNaN(b.y) ? -1 : a.y - b.y));
  $("readout").replaceChildren(
    make("span", {}, make("b", {}, `${state.x} = ${shown(picture.x)}`)),
    ...rows.map(({ theorem, label: name, y }) => make("span", {}, swatch(theorem), `${name}: ${Number.isNaN(y) ? "not applicable" : shown(y)}`)),
  );
};

const listCrossings = (found) => {
  const items = found.map(({ x, y, under, over }) =>
    make("li", {}, `From ${state.x} = ${shown(x)} on, ${under.label} is below ${over.label} (both ${shown(y, 3)} there).`));
  $("crossings").replaceChildren(items.length ? make("ul", {}, ...items) : make("p", { className: "note" }, `No bound overtakes another that has the same left side, for ${state.x} in this range.`));
};

// --- the values and the best hyper-parameters

const least1 = (theorem, name) => theorem.inputs.includes(name) && least((x) => valueAt(theorem, { ...state.q, [name]: x }), BEST[name]);
const leastBoth = (theorem) =>
  ["alpha", "beta2"].every((name) => theorem.inputs.includes(name)) &&
  leastOfTwo((alpha, beta2) => valueAt(theorem, { ...state.q, alpha, beta2 }), BEST.beta2, BEST.alpha);
const place = (name, found) => `${name} = ${shown(found.at)}${found.end ? " (end)" : ""}`;

const HEAD = ["theorem", "right side", "least over alpha", "least over beta2", "least over both"];
let best = new Map(); // what was found last; out of date while something moves

const tabulate = (stale) => {
  const head = HEAD.map((text) => make("th", { scope: "col" }, text));
  const rows = chosen().map((theorem) => {
    const why = refusal(theorem, state.q);
    const cells = [
      make("td", { title: theorem.name }, swatch(theorem), label(theorem)),
      make("td", why ? { className: "why" } : {}, why ? `not applicable: ${why}` : shown(theorem.bound(state.q))),
    ];
    for (const found of best.get(theorem.name) ?? [undefined, undefined, undefined]) {
      cells.push(found ? make("td", { className: "best" }, shown(found.value), make("small", {}, found.words)) : make("td", {}, found === undefined ? "…" : "–"));
    }
    cells.slice(1).forEach((cell, i) => why && i === 0 || (cell.dataset.name = HEAD[i + 1]));
    return make("tr", {}, ...cells);
  });
  $("values").classList.toggle("stale", stale);
  $("values").replaceChildren(make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
  $("optimum-note").textContent = `At ${at(NAMES.filter((name) => used().has(name)))}. Least values are searched in alpha ${span("alpha")} and beta2 ${span("beta2")}, ` +
    `the others as they are; (end): at an end of it. – : the right side does not depend on it, or the theorem applies nowhere there.`;
};
const span = (name) => `${shown(BEST[name].low)} .. ${shown(BEST[name].high)}`;
const optimise = () => {
  best = new Map();
  for (const theorem of chosen()) {
    const both = leastBoth(theorem);
    best.set(theorem.name, [
      ...["alpha", "beta2"].map((name) => [name, least1(theorem, name)]).map(([name, found]) => found && { ...found, words: place(name, found) }),
      both && { value: both.value, words: `${place("alpha", both.inner)}, ${place("beta2", both.outer)}` },
    ]);
  }
  tabulate(false);
};

// --- statements

const aboutOne = (theorem) => {
  const lines = [
    make("p", {}, swatch(theorem), make("b", {}, `${theorem.label} `), theorem.name, ` (${theorem.method})`),
    make("p", {}, theorem.statement),
    make("p", { className: "note" }, `Bounds ${theorem.left}. Source: ${theorem.source}.`),
    make("p", { className: "note" }, `Taken for granted: ${theorem.assumed.join("; ") || "nothing"}. Asked of the values: ${theorem.conditions.map((c) => c.name).join("; ") || "their ranges"}.`),
    ...theorem.undecided.map(({ name, why }) => make("p", { className: "warn" }, `Not asked by this page: ${name} (${why}).`)),
  ];
  if (theorem.measured.length) lines.push(make("p", { className: "note" }, `Not shown, because it takes values measured on runs: its ${theorem.measured.join(", its ")}.`));
  const own = make("button", { type: "button" }, `Use its hyper-parameters: ${Object.entries(theorem.settings).map(([k, v]) => `${k} = ${shown(v)}`).join(", ")}`);
  own.onclick = () => {
    for (const [name, value] of Object.entries(theorem.settings)) if (name in state.q) state.q[name] = value;
    changed(true);
  };
  const code = make("details", {}, make("summary", {}, "The function"), make("pre", {}, String(theorem.bound)));
  return make("div", { className: "statement" }, ...lines, make("p", {}, own), code);
};

// --- controls

const setValue = (name, value) => {
  state.q[name] = VARIABLES[name].whole ? Math.max(1, Math.round(value)) : value;
  changed();
};
const buildSliders = () => {
  for (const name of NAMES) {
    const { low, high, scale, meaning } = VARIABLES[name];
    const slider = make("input", { type: "range", min: 0, max: STEPS, step: 1, id: `slide-${name}` });
    const typed = make("input", { type: "number", step: "any", id: `type-${name}` });
    slider.setAttribute("aria-label", `${name}, ${meaning}`);
    typed.setAttribute("aria-label", `${name}, ${meaning}, as a number`);
    slider.oninput = () => {
      const exact = Number(SCALES[scale].at(slider.value / STEPS, low, high).toPrecision(scale === "decay" ? 12 : 3));
      setValue(name, scale === "decay" ? 1 - Number((1 - exact).toPrecision(2)) : exact);
    };
    typed.oninput = () => typed.value !== "" && Number.isFinite(Number(typed.value)) && setValue(name, Number(typed.value));
    const row = make("div", { className: "slider", id: `row-${name}`, title: meaning }, make("label", { htmlFor: `slide-${name}` }, name), slider, typed);
    $("sliders").append(row);
  }
};
const showSliders = () => {
  const reads = used();
  for (const name of NAMES) {
    const { low, high, scale } = VARIABLES[name];
    const [slider, typed, value] = [$(`slide-${name}`), $(`type-${name}`), state.q[name]];
    const where = SCALES[scale].place(Math.min(high, Math.max(low, value)), low, high);
    if (document.activeElement !== slider) slider.value = Math.round(STEPS * where);
    slider.setAttribute("aria-valuetext", shown(value));
    if (document.activeElement !== typed) typed.value = Number(value.toPrecision(12));
    $(`row-${name}`).classList.toggle("unused", !reads.has(name));
    $(`row-${name}`).hidden = !reads.has(name) && !["T", "alpha", "beta1", "beta2", "eps", "d", "L", "G", "D0"].includes(name);
  }
};
const buildChooser = () => {
  const size = (left) => THEOREMS.filter((theorem) => theorem.left === left).length;
  for (const left of [...new Set(THEOREMS.map((theorem) => theorem.left))].sort((a, b) => size(b) - size(a))) {
    const group = make("fieldset", {}, make("legend", {}, left));
    for (const theorem of THEOREMS.filter((one) => one.left === left)) {
      const box = make("input", { type: "checkbox", id: `on-${theorem.name}` });
      box.onchange = () => {
        state.on = box.checked ? [...state.on, theorem.name] : state.on.filter((name) => name !== theorem.name);
        changed(true);
      };
      group.append(make("label", { title: theorem.statement }, box, " ", make("b", {}, theorem.label), ` ${theorem.name}`));
    }
    $("theorems").append(group);
  }
};
const showAxis = () => {
  const axis = range(state.x);
  $("axis").value = state.x;
  $("stretched").checked = state.stretched;
  $("stretched-name").textContent = VARIABLES[state.x].scale === "decay" ? "spread out near 1" : "logarithmic";
  $("stretched").disabled = VARIABLES[state.x].scale === "linear";
  for (const end of ["low", "high"]) if (document.activeElement !== $(end)) $(end).value = axis[end];
};
const setRange = () => {
  const ends = [Number($("low").value), Number($("high").value)];
  const { low, high, scale } = VARIABLES[state.x];
  const fits = ends.every(Number.isFinite) && ends[0] < ends[1] && (scale !== "log" || ends[0] > 0) && (scale !== "decay" || ends[1] < 1);
  $("low").setCustomValidity(fits ? "" : scale === "log" ? "give 0 < from < to" : scale === "decay" ? "give from < to < 1" : "give from < to");
  $("low").reportValidity();
  if (!fits) return;
  if (ends[0] === low && ends[1] === high) delete state.ranges[state.x];
  else state.ranges[state.x] = ends;
  changed();
};

let later = null;
/** After every change: the picture at once, the search for least values and the address a little later. */
const changed = (chosenToo = false) => {
  showSliders();
  showAxis();
  draw();
  tabulate(true);
  if (chosenToo) {
    for (const theorem of THEOREMS) $(`on-${theorem.name}`).checked = state.on.includes(theorem.name);
    $("about").replaceChildren(...chosen().map(aboutOne));
  }
  clearTimeout(later);
  later = setTimeout(() => {
    optimise();
    writeHash();
  }, 120);
};

for (const name of NAMES) $("axis").append(make("option", { value: name }, `${name}: ${VARIABLES[name].meaning}`));
$("axis").onchange = () => ((state.x = $("axis").value), changed());
$("stretched").onchange = () => ((state.stretched = $("stretched").checked), changed());
$("low").onchange = $("high").onchange = setRange;
$("controls").onsubmit = (event) => event.preventDefault();
$("reset").onclick = () => ((state = first()), changed(true));
$("plot").onpointermove = $("plot").onpointerdown = (event) => readOut(picture.fromX(event.clientX - $("plot").getBoundingClientRect().left));
$("plot").onpointerleave = () => readOut(null);
$("plot").onkeydown = (event) => {
  const move = { ArrowLeft: -1, ArrowRight: 1, PageUp: 20, PageDown: -20 }[event.key];
  const { axis, x = state.q[state.x] } = picture;
  if (event.key === "Escape") readOut(null);
  const scale = SCALES[axis.scale];
  const now = scale.place(Math.min(axis.high, Math.max(axis.low, x)), axis.low, axis.high);
  const next = event.key === "Home" ? 0 : event.key === "End" ? 1 : move ? now + move / 200 : null;
  if (next === null) return;
  event.preventDefault();
  const there = scale.at(Math.min(1, Math.max(0, next)), axis.low, axis.high);
  readOut(axis.whole && move && Math.round(there) === Math.round(x) ? Math.min(axis.high, Math.max(axis.low, x + Math.sign(move))) : there);
};
addEventListener("hashchange", () => (readHash(), changed(true)));
new ResizeObserver(() => draw()).observe($("plot"));
if (LEFT_OUT.length) {
  $("left-out").append(make("h2", {}, "Left out"), make("ul", {}, ...LEFT_OUT.map(({ name, why }) => make("li", {}, `${name}: ${why}`))));
}
if (innerWidth < 640) $("chooser").open = false;
buildSliders();
buildChooser();
readHash();
changed(true);
