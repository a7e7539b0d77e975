// ── page.js: making elements, saying words, reading numbers ────────────────────────────────────────────────────
// Every text on the page gets there as a text node: what a program prints, or is called, can never become markup.

const SVG = "http://www.w3.org/2000/svg";
const VARIANTS = ["original", "fixed"];

/** An element: `h("button.gl-stop", { type: "button", onclick }, "Stop")`. Null children are left out. */
function h(selector, attributes = {}, ...children) {
  const [tag, ...classes] = selector.split(".");
  const element = document.createElement(tag || "div");
  element.classList.add(...classes);
  set(element, attributes);
  element.append(...children.flat().filter((child) => child != null));
  return element;
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === false || value == null) element.removeAttribute(name);
    else {
      const text = value === true ? "" : String(value);
      if (element.getAttribute(name) !== text) element.setAttribute(name, text);
    }
  }
  return element;
}

/** Replace an element's text only where it differs, so that screen readers are not told the same twice. */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * A translator: `t("line {line}", { line: 7 })`, and `t.count(one, many, n)` for a sentence about `{n}` things. Without an entry
 * in the catalogue the English sentence speaks for itself.
 */
function translator(catalogue) {
  const t = (sentence, values = {}) =>
    (catalogue[sentence] || sentence).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  t.count = (one, many, n) => t(catalogue[one] ? one : n === 1 ? one : many, { n: grouped(n) });
  return t;
}

const SHAPES = {
  leak: ["M8 2h8l6 6v8l-6 6H8l-6-6V8z", "M8.5 8.5l7 7m0-7l-7 7"],
  clean: ["M12 2a10 10 0 1 0 .01 0z", "M7.5 12.5l3 3 6-6.5"],
  deadlock: ["M4 4h16v16H4z", "M9.5 8.5v7m5-7v7"],
  crash: ["M12 2l10.5 19h-21z", "M12 9v5m0 3v.2"],
  timeout: ["M12 2a10 10 0 1 0 .01 0z", "M12 6.5V12l4 2.5"],
  "build-error": ["M12 2l10.5 19h-21z", "M12 9v5m0 3v.2"],
  running: ["M12 3a9 9 0 1 0 9 9", ""],
  waiting: ["M12 3a9 9 0 1 0 .01 0z", ""],
};

/** The shape that stands for a verdict, so that colour never says it alone. */
function shape(name) {
  const svg = document.createElementNS(SVG, "svg");
  set(svg, { viewBox: "0 0 24 24", "aria-hidden": "true", class: "gl-shape" });
  const [outline, inside] = SHAPES[name] || SHAPES.waiting;
  for (const [d, kind] of [[outline, "gl-outline"], [inside, "gl-inside"]]) {
    if (!d) continue;
    const path = document.createElementNS(SVG, "path");
    set(path, { d, class: kind });
    svg.append(path);
  }
  return svg;
}

/** A block of bytes from the kernel as numbers. */
function numbers(Type, view) {
  if (!view) return new Type(0);
  const bytes = view.buffer ? view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) : view;
  return new Type(bytes);
}

function seconds(t) {
  if (t < 99.95) return `${t.toFixed(t < 9.995 ? 2 : 1)} s`;
  return `${Math.floor(t / 60)} min ${Math.round(t % 60)} s`;
}

function bytes(n) {
  const units = ["B", "KB", "MB", "GB"];
  let unit = 0;
  while (n >= 1000 && unit < 3) { n /= 1000; unit += 1; }
  return `${n.toFixed(n < 10 && unit ? 1 : 0)} ${units[unit]}`;
}

const THOUSANDS = new Intl.NumberFormat("en-US");
const grouped = (n) => THOUSANDS.format(n);
