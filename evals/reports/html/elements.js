// Everything a model wrote comes in as text and goes out as text nodes: nothing here builds markup from strings.
const MOST_LINES = 4000;
const $ = (id) => document.getElementById(id);
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;
const seen = (text) => String(text).replace(unseen, (c) => `\u27e8U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}\u27e9`);

function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props || {})) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  fill(node, children);
  return node;
}

// Puts nodes and texts into `node`; what is null or false is left out.
function fill(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child == null || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(seen(child)));
  }
}

function show(node, ...children) {
  node.replaceChildren();
  fill(node, children);
}

const verdict = (value) => h("span", { class: `v v-${value}` }, value);
const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
const badge = (text, kind) => h("span", { class: `badge ${kind || ""}` }, text);
const place = (path, line) => (path ? h("code", {}, line ? `${path}:${line} ` : `${path} `) : null);

// A part that is made when it is first opened.
function lazy(summary, make, props) {
  const box = h("details", props, h("summary", {}, summary));
  const open = () => { if (box.open && box.childNodes.length === 1) fill(box, [make()]); };
  box.addEventListener("toggle", open);
  if (props && props.open) open();
  return box;
}

// The keyboard stops at what can be scrolled, and only while it can be.
const scrolled = new ResizeObserver((entries) => entries.forEach(({ target }) => {
  if (target.scrollWidth > target.clientWidth) target.setAttribute("tabindex", "0"); else target.removeAttribute("tabindex");
}));
const scrolling = (node) => { scrolled.observe(node); return node; };

// In a narrow window each row of a table becomes a block, its cells under their heads.
const table = (heads, rows, kind) => scrolling(h("div", { class: "scroll", role: "group", "aria-label": heads.join(", ") },
  h("table", { class: `stacked ${kind || ""}` }, h("thead", {}, h("tr", {}, heads.map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, n) => h("td", { "data-h": heads[n] }, cell))))))));

function bar(width) {
  const space = "http://www.w3.org/2000/svg";
  const root = document.createElementNS(space, "svg"), rect = document.createElementNS(space, "rect");
  root.setAttribute("viewBox", "0 0 100 10"); root.setAttribute("preserveAspectRatio", "none");
  root.setAttribute("aria-hidden", "true");
  rect.setAttribute("class", "dot"); rect.setAttribute("width", String(width)); rect.setAttribute("height", "10");
  root.append(rect);
  return root;
}

function bars(timings) {
  const rows = Object.entries(timings), most = Math.max(...rows.map(([, seconds]) => seconds), 0.001);
  return table(["stage", "seconds", "share of the longest"], rows.map(([stage, seconds]) => [stage, seconds.toFixed(2), bar((100 * seconds) / most)]), "bars");
}

async function unpack(id) {
  const block = $(id);
  if (!block) return null;
  const bytes = Uint8Array.from(atob(block.textContent.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}
