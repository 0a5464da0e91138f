// The views of the report: overview, table, pages; which one is shown stands in the address.
const PAGE = 100;
let index = null, shown = [];
const state = { text: "", verdict: "", agent: "", task: "", item: "", sort: "", down: false, page: 0 };
const FILTERS = ["text", "verdict", "agent", "task", "item"];

// The table of samples.
const COLUMNS = [
  ["sample", (s) => s.name], ["verdict", (s) => s.verdict], ["tests", (s) => s.failed * 1e6 + s.passed],
  ["failing items", (s) => s.items.length], ["format", (s) => s.adherence || ""], ["rounds", (s) => s.rounds],
  ["cost", (s) => (s.cost == null ? -1 : s.cost)], ["seconds", (s) => (s.latency == null ? -1 : s.latency)],
  ["answers", (s) => s.sources],
];

function matches(s) {
  const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
  return (!state.verdict || s.verdict === state.verdict)
    && (!state.agent || s.agent === Number(state.agent)) && (!state.task || s.task === state.task)
    && (!state.item || s.items.includes(state.item))
    && words.every((word) => s.haystack.includes(word));
}

function filter() {
  shown = index.samples.filter(matches);
  const column = COLUMNS.find(([name]) => name === state.sort);
  if (column) {
    const [, key] = column;
    shown = [...shown].sort((a, b) => { const x = key(a), y = key(b); return (x < y ? -1 : x > y ? 1 : a.i - b.i) * (state.down ? -1 : 1); });
  }
  state.page = Math.min(state.page, Math.max(0, Math.ceil(shown.length / PAGE) - 1));
}

// Draws the table anew; `keep` says which of its buttons was pressed, so that the keyboard stays where it is.
function renderTable(keep) {
  filter();
  const from = state.page * PAGE, rows = shown.slice(from, from + PAGE), last = Math.max(0, Math.ceil(shown.length / PAGE) - 1);
  const body = h("tbody", {}, rows.map((s) => {
    const cells = [
      [h("a", { href: `#/sample/${s.i}` }, s.name), s.verdict !== "pass" && (s.error || s.why) ? h("small", { class: "why" }, s.error || s.why) : null],
      [verdict(s.verdict), s.error ? h("small", {}, " not judged") : null],
      s.failed ? `${s.passed} passed, ${s.failed} failed` : `${s.passed} passed`,
      s.items.length ? s.items.join(", ") : "-", s.adherence || "-", s.rounds,
      s.cost == null ? "?" : `$${s.cost.toFixed(4)}`, s.latency == null ? "?" : s.latency.toFixed(1), s.sources || "-",
    ];
    return h("tr", {}, cells.map((cell, n) => h("td", { "data-h": COLUMNS[n][0] }, cell)));
  }));
  const sort = (name) => () => { state.down = state.sort === name && !state.down; state.sort = name; renderTable(name); };
  const head = h("thead", {}, h("tr", {}, COLUMNS.map(([name]) => h("th", {
    scope: "col", "aria-sort": state.sort === name ? (state.down ? "descending" : "ascending") : null,
  }, h("button", { type: "button", "data-k": name, onclick: sort(name) },
    name, h("span", { "aria-hidden": "true" }, state.sort === name ? (state.down ? " \u2193" : " \u2191") : " \u2195"))))));
  show($("rows"), rows.length ? h("table", { class: "samples stacked" }, head, body) : h("p", {}, "No sample is like that."));
  $("count").textContent = shown.length === index.samples.length
    ? plural(shown.length, "sample") : `${shown.length} of ${plural(index.samples.length, "sample")}`;
  const turn = (told, by, stop) => h("button", { type: "button", "data-k": told, disabled: stop, onclick: () => { state.page += by; renderTable(told); } }, told);
  show($("pager"), last === 0 ? null : [
    turn("Earlier", -1, state.page === 0), h("span", {}, `${from + 1} to ${from + rows.length} of ${shown.length}`), turn("Later", 1, state.page === last)]);
  const pressed = keep && [...document.querySelectorAll("#samples [data-k]")].find((button) => button.dataset.k === keep);
  if (pressed) (pressed.disabled ? $("samples").querySelector("h2") : pressed).focus();
  history.replaceState(null, "", back());
}

// The address of the table as it is filtered now.
function back() {
  const query = new URLSearchParams(FILTERS.filter((name) => state[name]).map((name) => [name, state[name]])).toString();
  return `#/samples${query ? `?${query}` : ""}`;
}

function filters() {
  const uses = (name) => (event) => { state[name] = event.target.value; state.page = 0; renderTable(); };
  const select = (name, label, options) => h("label", {}, label, h("select", { id: `f-${name}`, onchange: uses(name) },
    h("option", { value: "" }, "all"), options.map(([value, told]) => h("option", { value }, told))));
  const unique = (values) => [...new Set(values)].sort().map((value) => [value, value]);
  show($("filters"), [
    h("label", {}, "Search", h("input", { id: "f-text", type: "search", placeholder: "name, reason, test  ( / )", oninput: uses("text") })),
    select("verdict", "Verdict", unique(index.samples.map((s) => s.verdict))),
    select("task", "Task", unique(index.samples.map((s) => s.task))),
    index.agents.length > 1 ? select("agent", "Agent", index.agents.map((told, n) => [n, told])) : null,
    select("item", "Failing item", unique(index.samples.flatMap((s) => s.items))),
  ]);
}

async function renderSample(i) {
  const s = index.samples[i], box = $("sample");
  if (!s) { show(box, h("h2", { tabindex: "-1" }, "There is no such sample"), h("p", {}, h("a", { href: back() }, "All samples"))); return; }
  if (!shown.includes(s)) shown = index.samples;
  const at = shown.indexOf(s);
  const near = (n, id, told) => (shown[n] ? h("a", { href: `#/sample/${shown[n].i}`, id }, told) : null);
  const head = [
    h("div", { class: "crumbs" }, h("a", { href: back() }, "All samples"), near(at - 1, "before", "\u2190 Before"), near(at + 1, "after", "After \u2192"),
      h("span", { class: "soft" }, `${at + 1} of ${shown.length}`)),
    sampleFacts(s, index.agents[s.agent]),
  ];
  show(box, head);
  let page = null, damage = "";
  try { page = await unpack(`s-${i}`); } catch (error) { damage = `This sample's page is damaged: ${error.message}. `; }
  if (location.hash !== `#/sample/${i}`) return;
  show(box, head, page ? samplePage(page, s.best) : h("p", { class: damage ? "warning" : "soft" },
    `${damage}The report holds no texts of this sample. They are in the run's repository: git show ${s.branch}`));
}

const named = { overview: "Overview", samples: "Samples", sample: "Sample" }, title = document.title;
let view = "";
async function route() {
  if (location.hash && !location.hash.startsWith("#/")) return;
  const [path, query] = location.hash.replace(/^#/, "").split("?"), [, first, number] = path.split("/"), before = view;
  view = first === "samples" || first === "sample" ? first : "overview";
  for (const name of Object.keys(named)) $(name).hidden = name !== view;
  for (const link of document.querySelectorAll("header.top nav a")) {
    if (link.getAttribute("href") === `#/${view === "overview" ? "" : "samples"}`) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  const left = view === "samples" && before === "sample" ? $("sample").dataset.i : null;
  if (view === "samples") {
    const wanted = new URLSearchParams(query || "");
    for (const name of FILTERS) { state[name] = wanted.get(name) || ""; const field = $(`f-${name}`); if (field) field.value = state[name]; }
    if (left) { filter(); const at = shown.findIndex((s) => s.i === Number(left)); if (at >= 0) state.page = Math.floor(at / PAGE); }
    renderTable();
  } else if (view === "sample") { $("sample").dataset.i = number; await renderSample(Number(number)); }
  document.title = view === "overview" ? title : `${view === "sample" && index.samples[number] ? index.samples[number].name : named[view]} - ${title}`;
  document.body.dataset.view = view;
  if (!before) return;
  window.scrollTo(0, 0);
  // Who comes back from a sample is where they left the table.
  const row = left && document.querySelector(`.samples a[href="#/sample/${Number(left)}"]`);
  if (row) { row.scrollIntoView({ block: "center" }); row.focus({ preventScroll: true }); return; }
  const heading = $(view).querySelector("h2");
  if (heading) heading.focus({ preventScroll: true });
}

const dark = matchMedia("(prefers-color-scheme: dark)");
let chosen = null;
const paint = () => {
  const theme = chosen || (dark.matches ? "dark" : "light");
  document.documentElement.dataset.theme = theme;
  $("theme").textContent = theme === "dark" ? "Light" : "Dark";
};
dark.addEventListener("change", paint);
$("theme").addEventListener("click", () => { chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark"; paint(); });
paint();

document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); $("main").focus(); $("main").scrollIntoView(); });

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  if (event.key === "/") {
    event.preventDefault();
    if (view !== "samples") location.hash = back();
    setTimeout(() => $("f-text").focus(), 0);
  } else if (view !== "sample") return;
  else if (event.target.closest && event.target.closest("[role=region], [role=group]")) return;
  else if (event.key === "ArrowLeft" && $("before")) location.hash = $("before").hash;
  else if (event.key === "ArrowRight" && $("after")) location.hash = $("after").hash;
});

document.querySelectorAll("#overview .scroll").forEach(scrolling);

// Paper is light.
addEventListener("beforeprint", () => { document.documentElement.dataset.theme = "light"; });
addEventListener("afterprint", paint);

unpack("index").then((found) => {
  index = found;
  index.samples.forEach((s, i) => { s.i = i; s.haystack = `${s.name} ${s.title} ${s.why} ${s.error || ""} ${s.items.join(" ")}`.toLowerCase(); });
  shown = index.samples;
  filters();
  // A run of one task has one story, and nothing to compare it with.
  if (!location.hash && index.samples.length === 1) history.replaceState(null, "", "#/sample/0");
  addEventListener("hashchange", route);
  return route();
}).catch((error) => { document.body.dataset.view = "overview"; $("overview").prepend(h("p", { class: "warning" }, `The samples of this report cannot be read: ${error.message}`)); });
