"use strict";
// Everything a model wrote comes in as text and goes out as text nodes: nothing here builds markup from strings.
(() => {
  const PAGE = 100, MOST_LINES = 4000;
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
    for (const child of children.flat(Infinity)) {
      if (child == null || child === false) continue;
      node.append(child instanceof Node ? child : document.createTextNode(seen(child)));
    }
    return node;
  }
  const svg = (width, kind) => {
    const space = "http://www.w3.org/2000/svg";
    const root = document.createElementNS(space, "svg"), bar = document.createElementNS(space, "rect");
    root.setAttribute("viewBox", "0 0 100 10"); root.setAttribute("preserveAspectRatio", "none");
    root.setAttribute("aria-hidden", "true");
    bar.setAttribute("class", kind); bar.setAttribute("width", String(width)); bar.setAttribute("height", "10");
    root.append(bar);
    return root;
  };
  const verdict = (value) => h("span", { class: `v v-${value}` }, value);
  const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

  async function unpack(id) {
    const block = $(id);
    if (!block) return null;
    const bytes = Uint8Array.from(atob(block.textContent.trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

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

  function renderTable() {
    filter();
    const from = state.page * PAGE, rows = shown.slice(from, from + PAGE);
    const body = h("tbody", {}, rows.map((s) => {
      const cells = [
        h("a", { href: `#/sample/${s.i}` }, s.name), [verdict(s.verdict), s.error ? h("small", {}, " not judged") : null],
        s.failed ? `${s.passed} passed, ${s.failed} failed` : `${s.passed} passed`,
        s.items.length ? s.items.join(", ") : "-", s.adherence || "-", s.rounds,
        s.cost == null ? "?" : `$${s.cost.toFixed(4)}`, s.latency == null ? "?" : s.latency.toFixed(1), s.sources || "-",
      ];
      return h("tr", {}, cells.map((cell, n) => h("td", { "data-h": COLUMNS[n][0] }, cell)));
    }));
    const head = h("thead", {}, h("tr", {}, COLUMNS.map(([name]) => h("th", {
      scope: "col", "aria-sort": state.sort === name ? (state.down ? "descending" : "ascending") : null,
    }, h("button", { type: "button", onclick: () => { state.down = state.sort === name && !state.down; state.sort = name; renderTable(); } },
      name, state.sort === name ? (state.down ? " \u2193" : " \u2191") : "")))));
    $("rows").replaceChildren(h("table", { class: "samples" }, head, body));
    $("count").textContent = shown.length === index.samples.length
      ? `${plural(shown.length, "sample")}` : `${shown.length} of ${plural(index.samples.length, "sample")}`;
    const last = Math.max(0, Math.ceil(shown.length / PAGE) - 1);
    $("pager").replaceChildren(...(last === 0 ? [] : [
      h("button", { type: "button", disabled: state.page === 0, onclick: () => { state.page -= 1; renderTable(); } }, "Earlier"),
      h("span", {}, `${from + 1} to ${from + rows.length} of ${shown.length}`),
      h("button", { type: "button", disabled: state.page === last, onclick: () => { state.page += 1; renderTable(); } }, "Later"),
    ]));
    const query = new URLSearchParams(FILTERS.filter((name) => state[name]).map((name) => [name, state[name]])).toString();
    history.replaceState(null, "", `#/samples${query ? `?${query}` : ""}`);
  }

  function filters() {
    const uses = (name) => (event) => { state[name] = event.target.value; state.page = 0; renderTable(); };
    const select = (name, label, options) => h("label", {}, label, h("select", { id: `f-${name}`, onchange: uses(name) },
      h("option", { value: "" }, "all"), options.map(([value, told]) => h("option", { value }, told))));
    const unique = (values) => [...new Set(values)].sort().map((value) => [value, value]);
    $("filters").replaceChildren(
      h("label", {}, "Search", h("input", { id: "f-text", type: "search", placeholder: "name, reason, test  ( / )", oninput: uses("text") })),
      select("verdict", "Verdict", unique(index.samples.map((s) => s.verdict))),
      select("task", "Task", unique(index.samples.map((s) => s.task))),
      index.agents.length > 1 ? select("agent", "Agent", index.agents.map((told, n) => [n, told])) : null,
      select("item", "Failing item", unique(index.samples.flatMap((s) => s.items))),
    );
  }

  // The page of one sample.
  const lazy = (summary, fill, props) => {
    const box = h("details", props || {}, h("summary", {}, summary));
    const open = () => { if (box.open && box.childNodes.length === 1) box.append(...[fill()].flat()); };
    box.addEventListener("toggle", open);
    if (props && props.open) open();
    return box;
  };

  function code(text, notes, told) {
    const lines = text.split("\n");
    if (lines[lines.length - 1] === "") lines.pop();
    const box = h("div", { class: "code", tabindex: "0", role: "group", "aria-label": told });
    const render = (from, to) => {
      const part = document.createDocumentFragment();
      for (let n = from; n < to; n += 1) {
        const told = notes.get(n + 1) || [];
        part.append(h("div", { class: told.length ? "l hit" : "l", "data-n": n + 1 }, lines[n] || " "));
        for (const note of told) part.append(h("div", { class: `note ${note.kind}` }, note.text));
      }
      return part;
    };
    const outside = [...notes].filter(([line]) => line < 1 || line > lines.length).flatMap(([, told]) => told);
    for (const note of outside) box.append(h("div", { class: `note ${note.kind}` }, note.text));
    box.append(render(0, Math.min(MOST_LINES, lines.length)));
    if (lines.length > MOST_LINES) {
      const more = h("button", { type: "button", onclick: () => { more.replaceWith(render(MOST_LINES, lines.length)); } },
        `Show ${lines.length - MOST_LINES} more lines`);
      box.append(more);
    }
    return box;
  }

  // Myers' O(ND) difference; texts that differ too much are shown as one whole for the other.
  function difference(a, b) {
    let start = 0, endA = a.length, endB = b.length;
    while (start < endA && start < endB && a[start] === b[start]) start += 1;
    while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) { endA -= 1; endB -= 1; }
    const n = endA - start, m = endB - start, most = Math.min(n + m, 600);
    const trace = [], best = new Map([[1, 0]]);
    let found = -1;
    search: for (let d = 0; d <= most; d += 1) {
      trace.push(new Map(best));
      for (let k = -d; k <= d; k += 2) {
        let x = k === -d || (k !== d && best.get(k - 1) < best.get(k + 1)) ? best.get(k + 1) : best.get(k - 1) + 1;
        while (x < n && x - k < m && a[start + x] === b[start + x - k]) x += 1;
        best.set(k, x);
        if (x >= n && x - k >= m) { found = d; break search; }
      }
    }
    const middle = [];
    if (found < 0) {
      for (let i = 0; i < n; i += 1) middle.push(["del", a[start + i]]);
      for (let i = 0; i < m; i += 1) middle.push(["add", b[start + i]]);
    } else {
      let x = n, y = m;
      for (let d = found; d > 0; d -= 1) {
        const before = trace[d], k = x - y;
        const last = k === -d || (k !== d && before.get(k - 1) < before.get(k + 1)) ? k + 1 : k - 1;
        const px = before.get(last), py = px - last;
        while (x > px && y > py) { middle.push(["same", a[start + x - 1]]); x -= 1; y -= 1; }
        if (x === px) { middle.push(["add", b[start + y - 1]]); y -= 1; } else { middle.push(["del", a[start + x - 1]]); x -= 1; }
      }
      while (x > 0) { middle.push(["same", a[start + x - 1]]); x -= 1; }
      middle.reverse();
    }
    return [...a.slice(0, start).map((line) => ["same", line]), ...middle, ...a.slice(endA).map((line) => ["same", line])];
  }

  function diffBox(before, after) {
    const lines = difference(before.split("\n"), after.split("\n"));
    const near = new Array(lines.length).fill(false);
    lines.forEach(([kind], at) => { if (kind !== "same") for (let n = Math.max(0, at - 3); n <= Math.min(lines.length - 1, at + 3); n += 1) near[n] = true; });
    const box = h("div", { class: "code", tabindex: "0", role: "group", "aria-label": "difference" });
    let number = 0, gap = 0, made = 0;
    const told = () => { if (gap) box.append(h("div", { class: "gap" }, `${plural(gap, "unchanged line")}`)); gap = 0; };
    lines.forEach(([kind, line], at) => {
      if (kind !== "del") number += 1;
      if (!near[at]) { gap += 1; return; }
      told();
      made += 1;
      if (made <= MOST_LINES) box.append(h("div", { class: `l ${kind}`, "data-n": kind === "del" ? "-" : number }, (kind === "add" ? "+" : kind === "del" ? "-" : " ") + line));
    });
    told();
    return box;
  }

  const table = (heads, rows, kind) => h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": heads.join(", ") },
    h("table", { class: kind || "" }, h("thead", {}, h("tr", {}, heads.map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, cell)))))));

  function bars(timings) {
    const rows = Object.entries(timings), most = Math.max(...rows.map(([, s]) => s), 0.001);
    return table(["stage", "seconds", "share of the longest"], rows.map(([stage, s]) => [stage, s.toFixed(2), svg((100 * s) / most, "dot")]), "bars");
  }

  function notesOf(round) {
    const notes = new Map();
    const add = (path, line, kind, text) => {
      const file = notes.get(path) || notes.set(path, new Map()).get(path);
      (file.get(line) || file.set(line, []).get(line)).push({ kind, text });
    };
    for (const check of round.score.checklist) {
      if (check.verdict !== "fail" && check.verdict !== "inconclusive") continue;
      for (const e of check.evidence) if (e.path) add(e.path, e.line, check.verdict === "fail" ? "bad" : "warning", `${check.item}: ${e.message}`);
    }
    for (const m of round.score.mutants ? round.score.mutants.survived : []) add(m.path, m.line, "warning", `no test notices: ${m.was} became ${m.text || "nothing"}`);
    return notes;
  }

  function probesBox(probes) {
    if (!probes) return [];
    const order = { fail: 0, inconclusive: 1, pass: 2 }, counts = {};
    for (const r of probes.results) counts[r.verdict] = (counts[r.verdict] || 0) + 1;
    const told = Object.keys(order).filter((v) => counts[v]).map((v) => `${counts[v]} ${v}`).join(", ");
    const parts = [h("h3", {}, `Probes: ${told || "not judged"}`)];
    if (probes.start) parts.push(h("p", { class: "soft" }, `${plural(probes.requests, "request")} to `, h("code", {}, probes.start)));
    if (probes.problem) parts.push(h("p", { class: "warning" }, probes.problem));
    const rows = (some) => table(["outcome", "endpoint", "probe", "item", "request and answer"],
      some.map((r) => [verdict(r.verdict), h("code", {}, r.endpoint), r.probe, r.item, r.message]));
    const sorted = [...probes.results].sort((a, b) => order[a.verdict] - order[b.verdict]);
    const bad = sorted.filter((r) => r.verdict === "fail"), others = sorted.filter((r) => r.verdict !== "fail");
    if (bad.length) parts.push(rows(bad));
    if (others.length) parts.push(lazy(plural(others.length, "other probe"), () => rows(others)));
    return parts;
  }

  function mutantsBox(mutants) {
    if (!mutants) return [];
    const tried = mutants.killed.length + mutants.survived.length;
    const parts = [h("h3", {}, tried ? `Mutants: ${mutants.killed.length} of ${tried} noticed by the tests` : "Mutants: not judged")];
    parts.push(h("p", { class: "soft" }, `${mutants.possible} possible`));
    if (mutants.problem) parts.push(h("p", { class: "warning" }, mutants.problem));
    const rows = (some) => table(["place", "kind", "was", "became"],
      some.map((m) => [h("code", {}, `${m.path}:${m.line}`), m.kind, h("code", {}, m.was), h("code", {}, m.text || "nothing")]));
    if (mutants.survived.length) parts.push(h("p", {}, "No test noticed:"), rows(mutants.survived.slice(0, 200)));
    if (mutants.killed.length) parts.push(lazy(`${plural(mutants.killed.length, "mutant")} noticed`, () => rows(mutants.killed.slice(0, 200))));
    return parts;
  }

  function proseBox(prose) {
    if (!prose) return [];
    const counted = prose.rulings.filter((r) => r.counts).length;
    return [
      h("h3", {}, `Prose: the ${prose.what}, judged by ${prose.judge}`),
      h("p", { class: "soft" }, prose.advice ? `Advice that decides nothing, for ${prose.advice}` : `${counted} of ${plural(prose.rulings.length, "verdict")} count`),
      table(["verdict", "criterion", "counts", "why"], prose.rulings.map((r) => [verdict(r.verdict), r.criterion, r.counts ? "yes" : "advice",
        [r.reason, r.quote ? h("pre", {}, r.quote) : null]])),
    ];
  }

  function roundBox(round, before, open) {
    const score = round.score, tests = score.tests, notes = notesOf(round), parts = [];
    parts.push(h("p", {}, score.reasons.slice(0, 12).map((r) => h("div", {}, r.path ? h("code", {}, `${r.path}:${r.line} `) : null, r.message))));
    parts.push(h("h3", {}, `Tests: ${tests.passed} passed, ${tests.failed} failed, ${tests.errored} errored, ${tests.skipped} skipped`));
    if (tests.problem) parts.push(h("pre", {}, tests.problem));
    const order = { failed: 0, errored: 0, passed: 1, skipped: 2 };
    const cases = [...tests.cases].sort((a, b) => order[a.outcome] - order[b.outcome]);
    if (cases.length) {
      const rows = (some) => some.map((c) => [verdict(c.outcome), [h("span", {}, c.id), c.message ? h("pre", {}, c.message) : null], c.seconds.toFixed(2)]);
      const bad = cases.filter((c) => order[c.outcome] === 0), fine = cases.filter((c) => order[c.outcome] !== 0);
      if (bad.length) parts.push(table(["outcome", "test", "seconds"], rows(bad.slice(0, 200))));
      if (fine.length) parts.push(lazy(plural(fine.length, "other test"), () => table(["outcome", "test", "seconds"], rows(fine.slice(0, 1000)))));
    }
    if (tests.output) parts.push(lazy("What the tests printed", () => h("pre", {}, tests.output)));
    if (score.checklist.length) {
      parts.push(h("h3", {}, "Checklist"));
      parts.push(table(["item", "verdict", "why"], score.checklist.map((c) => [c.item, verdict(c.verdict), [c.reason,
        lazy(plural(c.evidence.length, "piece") + " of evidence", () => h("ul", {}, c.evidence.map((e) => h("li", {}, e.path ? h("code", {}, `${e.path}:${e.line} `) : null, e.message))))]])));
    }
    parts.push(...probesBox(score.probes), ...mutantsBox(score.mutants), ...proseBox(score.prose));
    const deviations = score.submission.diagnostics;
    if (deviations.length) {
      parts.push(h("h3", {}, "Format"));
      parts.push(table(["severity", "line", "code", "what"], deviations.map((d) => [verdict(d.severity), d.line, d.code, (d.path ? `${d.path}: ` : "") + d.message])));
    }
    const paths = [...new Set([...Object.keys(round.files), ...notes.keys()])].sort();
    parts.push(h("h3", {}, "Files"));
    for (const path of paths) {
      const text = round.files[path], told = notes.get(path), older = before ? before.files[path] : undefined;
      if (text === undefined) { parts.push(h("p", {}, h("code", {}, path), " is not kept: ", [...told.values()].flat().map((n) => n.text).join("; "))); continue; }
      const changed = before && older !== text;
      const count = told ? [...told.values()].flat().length : 0;
      const head = [h("code", {}, path), h("span", { class: "badge" }, plural(text.split("\n").length - 1, "line")),
        count ? h("span", { class: "badge bad" }, plural(count, "finding")) : null,
        changed ? h("span", { class: "badge" }, older === undefined ? "new in this round" : "changed in this round") : null];
      parts.push(lazy(head, () => [
        changed && older !== undefined ? lazy(`Difference from round ${before.number}`, () => diffBox(older, text), { open: true }) : null,
        code(text, told || new Map(), path)].filter(Boolean)));
    }
    for (const path of before ? Object.keys(before.files).filter((name) => !(name in round.files)) : []) parts.push(h("p", {}, h("code", {}, path), " was dropped in this round"));
    const marks = new Map();
    for (const d of deviations) (marks.get(d.line) || marks.set(d.line, []).get(d.line)).push({ kind: d.severity === "error" ? "bad" : "warning", text: `${d.code}: ${d.message}` });
    parts.push(h("h3", {}, "Answer"));
    parts.push(lazy([`The raw answer`, h("span", { class: "badge" }, plural(round.answer.length, "character"))], () => code(round.answer, marks, "answer")));
    for (const step of score.migrations) parts.push(lazy(`Migration (${step.kind})${step.message ? ": failed" : ""}`, () => [h("pre", {}, step.text), step.message ? h("pre", {}, step.message) : null].filter(Boolean)));
    if (score.notes.length) parts.push(h("h3", {}, "Notes"), h("ul", {}, score.notes.map((note) => h("li", {}, note))));
    if (Object.keys(score.timings).length) parts.push(h("h3", {}, "Timings"), bars(score.timings));
    return h("details", { class: "card round", open }, h("summary", {}, `Round ${round.number}: `, verdict(score.verdict), h("span", { class: "badge" }, `commit ${round.commit.slice(0, 12)}`)), parts);
  }

  async function renderSample(i) {
    const s = index.samples[i], box = $("sample");
    if (!s) { box.replaceChildren(h("h2", { tabindex: "-1" }, "There is no such sample")); return; }
    if (shown.length === 0) shown = index.samples;
    const at = shown.indexOf(s);
    const near = (n, told) => (shown[n] ? h("a", { href: `#/sample/${shown[n].i}`, id: n < at ? "before" : "after" }, told) : null);
    const head = [
      h("div", { class: "crumbs" }, h("a", { href: back() }, "All samples"), near(at - 1, "\u2190 Before"), near(at + 1, "After \u2192")),
      h("h2", { tabindex: "-1" }, s.name), h("p", { class: "headline" }, verdict(s.verdict), h("span", {}, s.title)),
      h("dl", { class: "facts" }, Object.entries({
        Agent: index.agents[s.agent], Answers: s.sources || "-", Format: s.adherence || "-", Rounds: s.rounds,
        ...(s.probes ? { Probes: `${s.probes[0]} passed, ${s.probes[1]} failed` } : {}),
        ...(s.mutants ? { Mutants: `${s.mutants[0]} noticed, ${s.mutants[1]} not` } : {}),
        Cost: s.cost == null ? "unknown" : `$${s.cost.toFixed(4)}`, Tokens: `${s.tokens[0] ?? "?"} in, ${s.tokens[1] ?? "?"} out`,
        "Model seconds": s.latency == null ? "unknown" : s.latency.toFixed(1), Branch: s.branch,
      }).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    ];
    if (s.error) head.push(h("p", { class: "warning" }, `Not judged: ${s.error}`));
    box.replaceChildren(...head);
    let page = null;
    try { page = await unpack(`s-${i}`); } catch (error) { head.push(h("p", { class: "warning" }, `This sample's page is damaged: ${error.message}`)); }
    if (location.hash !== `#/sample/${i}`) return;
    if (!page) { box.replaceChildren(...head, h("p", { class: "soft" }, `The report holds no texts of this sample. They are in the run's repository: git show ${s.branch}`)); return; }
    const prompt = h("section", { class: "card" }, h("h3", {}, "Prompt"), page.prompt.length ? page.prompt.map(([speaker, key]) => {
      const body = h("div", {}, h("p", { class: "soft" }, "reading"));
      return lazy(speaker, () => { unpack(`t-${key}`).then((text) => body.replaceChildren(h("pre", {}, text ?? "not kept"))); return body; });
    }) : h("p", { class: "soft" }, "The prompt was not kept."));
    const calls = page.calls.map((c) => h("section", { class: "card" }, lazy(`${c.step}, round ${c.round}`, () => h("pre", {}, c.text))));
    const rounds = page.rounds.map((round, n) => roundBox(round, page.rounds[n - 1], round.number === s.best || page.rounds.length === 1)).reverse();
    const times = Object.keys(page.timings).length ? h("section", { class: "card" }, h("h3", {}, "Timings over all rounds"), bars(page.timings)) : null;
    box.replaceChildren(...head, ...rounds, ...calls, prompt, ...(times ? [times] : []));
  }

  const back = () => {
    const query = new URLSearchParams(FILTERS.filter((name) => state[name]).map((name) => [name, state[name]])).toString();
    return `#/samples${query ? `?${query}` : ""}`;
  };

  let first = true;
  async function route() {
    if (location.hash && !location.hash.startsWith("#/")) return;  // the skip link
    const [path, query] = location.hash.replace(/^#/, "").split("?");
    const [, place, number] = path.split("/");
    const view = place === "samples" ? "samples" : place === "sample" ? "sample" : "overview";
    for (const name of ["overview", "samples", "sample"]) $(name).hidden = name !== view;
    for (const link of document.querySelectorAll("header.top nav a")) {
      if (link.getAttribute("href") === `#/${view === "overview" ? "" : "samples"}`) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
    }
    if (view === "samples") {
      const wanted = new URLSearchParams(query || "");
      for (const name of FILTERS) { state[name] = wanted.get(name) || ""; const field = $(`f-${name}`); if (field) field.value = state[name]; }
      renderTable();
    } else if (view === "sample") await renderSample(Number(number));
    document.body.dataset.view = view;
    if (!first) { window.scrollTo(0, 0); const title = $(view).querySelector("h2"); if (title) title.focus({ preventScroll: true }); }
    first = false;
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

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    if (event.key === "/") {
      event.preventDefault();
      if (document.body.dataset.view !== "samples") location.hash = back();
      setTimeout(() => $("f-text").focus(), 0);
    } else if (event.target.closest && event.target.closest("[role=region], [role=group]")) return;
    else if (event.key === "ArrowLeft" && $("before")) location.hash = $("before").hash;
    else if (event.key === "ArrowRight" && $("after")) location.hash = $("after").hash;
  });

  unpack("index").then((found) => {
    index = found;
    index.samples.forEach((s, i) => { s.i = i; s.haystack = `${s.name} ${s.title} ${s.why} ${s.error || ""} ${s.items.join(" ")}`.toLowerCase(); });
    shown = index.samples;
    filters();
    addEventListener("hashchange", route);
    return route();
  }).catch((error) => { $("overview").prepend(h("p", { class: "warning" }, `The samples of this report cannot be read: ${error.message}`)); });
})();
