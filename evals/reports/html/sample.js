// What one round of a sample came to, and the page of a sample.
const MOST_FILES = 40, MOST_ROWS = 200, MOST_SAID = 5;

// A text with numbered lines, and notes under the lines that they speak of.
function code(text, notes, told) {
  const lines = linesOf(text);
  const box = h("div", { class: "code", tabindex: "0", role: "group", "aria-label": told });
  const note = (one) => h("div", { class: `note ${one.kind}` }, one.text);
  const render = (from, to) => {
    const part = document.createDocumentFragment();
    for (let n = from; n < to; n += 1) {
      const found = notes.get(n + 1) || [];
      part.append(h("div", { class: found.length ? "l hit" : "l", "data-n": n + 1 }, lines[n] || " "), ...found.map(note));
    }
    return part;
  };
  fill(box, [...notes].filter(([line]) => line < 1 || line > lines.length).flatMap(([, found]) => found.map(note)));
  box.append(render(0, Math.min(MOST_LINES, lines.length)));
  if (lines.length > MOST_LINES) {
    const more = h("button", { type: "button", onclick: () => { more.replaceWith(render(MOST_LINES, lines.length)); box.focus(); } },
      `Show ${plural(lines.length - MOST_LINES, "more line")}`);
    box.append(more);
  }
  return box;
}

const noted = (notes, line, kind, text) => (notes.get(line) || notes.set(line, []).get(line)).push({ kind, text });

// What speaks against the code, by file and line.
function notesOf(score) {
  const files = new Map();
  const add = (path, line, kind, text) => noted(files.get(path) || files.set(path, new Map()).get(path), line, kind, text);
  for (const check of score.checklist) {
    if (check.verdict !== "fail" && check.verdict !== "inconclusive") continue;
    for (const e of check.evidence) if (e.path) add(e.path, e.line, check.verdict === "fail" ? "bad" : "warning", `${check.item}: ${e.message}`);
  }
  for (const m of score.mutants ? score.mutants.survived : []) add(m.path, m.line, "warning", `no test notices: ${m.was} became ${m.text || "nothing"}`);
  return files;
}

function testsBox(score) {
  const tests = score.tests, order = { failed: 0, errored: 0, passed: 1, skipped: 2 };
  const how = [score.toolchain, tests.cached ? "kept from an earlier run" : ""].filter(Boolean).join(", ");
  const told = `${tests.passed} passed, ${tests.failed} failed, ${tests.errored} errored, ${tests.skipped} skipped`;
  const parts = [h("h3", {}, "Tests"), h("p", {}, told, how ? h("small", {}, ` (${how})`) : null)];
  if (tests.problem) parts.push(h("pre", {}, tests.problem));
  const cases = [...tests.cases].sort((a, b) => order[a.outcome] - order[b.outcome]);
  // The first few say at once what they found, the others when they are asked.
  const said = (c, n) => (c.message ? (n < MOST_SAID ? h("pre", {}, c.message) : lazy("What it said", () => h("pre", {}, c.message))) : null);
  const rows = (some) => [
    table(["outcome", "test", "seconds"], some.slice(0, MOST_ROWS).map((c, n) => [verdict(c.outcome),
      [c.id, c.hidden ? badge("the task's own") : null, said(c, n)], c.seconds.toFixed(2)])),
    some.length > MOST_ROWS ? h("p", { class: "more" }, `and ${some.length - MOST_ROWS} more`) : null,
  ];
  const bad = cases.filter((c) => order[c.outcome] === 0), fine = cases.filter((c) => order[c.outcome] !== 0);
  if (bad.length) parts.push(rows(bad));
  if (fine.length) parts.push(lazy(plural(fine.length, bad.length ? "other test" : "test"), () => rows(fine)));
  if (tests.output) parts.push(lazy("What the tests printed", () => h("pre", {}, tests.output)));
  return parts;
}

function checklistBox(checks) {
  if (!checks.length) return [];
  const order = { fail: 0, inconclusive: 1, pass: 2, "not-applicable": 3 };
  const why = (check) => {
    const more = check.evidence.filter((e) => e.path || e.message !== check.reason);
    const list = () => h("ul", { class: "evidence" }, more.map((e) => h("li", {}, place(e.path, e.line), e.message)));
    return [check.reason, more.length ? lazy(plural(more.length, "piece") + " of evidence", list, { open: order[check.verdict] < 2 }) : null];
  };
  const sorted = [...checks].sort((a, b) => order[a.verdict] - order[b.verdict]);
  return [h("h3", {}, "Checklist"), table(["verdict", "item", "why"], sorted.map((c) => [verdict(c.verdict), c.item, why(c)]))];
}

function probesBox(probes, told) {
  if (!probes) return [];
  const order = { fail: 0, inconclusive: 1, pass: 2 };
  const rows = (some) => table(["outcome", "endpoint", "probe", "item", "request and answer"],
    some.map((r) => [verdict(r.verdict), h("code", {}, r.endpoint), r.probe, r.item === "task" ? badge("the task's own") : r.item, r.message]));
  const sorted = [...probes.results].sort((a, b) => order[a.verdict] - order[b.verdict]);
  const bad = sorted.filter((r) => r.verdict === "fail"), others = sorted.filter((r) => r.verdict !== "fail");
  return [
    h("h3", {}, "Probes"), h("p", {}, told), bad.length ? rows(bad) : null,
    others.length ? lazy(plural(others.length, bad.length ? "other probe" : "probe"), () => rows(others)) : null,
  ];
}

function mutantsBox(mutants, told) {
  if (!mutants) return [];
  const rows = (some) => [
    table(["place", "kind", "was", "became"],
      some.slice(0, MOST_ROWS).map((m) => [place(m.path, m.line), m.kind, h("code", {}, m.was), m.text ? h("code", {}, m.text) : "nothing"])),
    some.length > MOST_ROWS ? h("p", { class: "more" }, `and ${some.length - MOST_ROWS} more`) : null,
  ];
  return [
    h("h3", {}, "Mutants"), h("p", {}, told),
    mutants.survived.length ? [h("p", {}, "No test noticed:"), rows(mutants.survived)] : null,
    mutants.killed.length ? lazy(`${plural(mutants.killed.length, "mutant")} noticed`, () => rows(mutants.killed)) : null,
  ];
}

function proseBox(prose, told) {
  if (!prose) return [];
  const order = { fail: 0, inconclusive: 1, pass: 2, "not-applicable": 3 };
  const sorted = [...prose.rulings].sort((a, b) => order[a.verdict] - order[b.verdict]);
  return [
    h("h3", {}, "Prose"), h("p", {}, told),
    table(["verdict", "criterion", "counts", "why"], sorted.map((r) => [verdict(r.verdict), r.criterion, r.counts ? "yes" : "advice",
      [r.reason, r.quote ? h("blockquote", {}, r.quote) : null]])),
  ];
}

function filesBox(round, before) {
  const notes = notesOf(round.score), heading = h("h3", {}, "Files");
  const one = (path) => {
    const text = round.files[path], found = notes.get(path), older = before ? before.files[path] : undefined;
    if (text === undefined) return h("p", {}, place(path), "is not kept: ", [...found.values()].flat().map((n) => n.text).join("; "));
    const changed = before && older !== text, count = found ? [...found.values()].flat().length : 0;
    const head = [h("code", {}, path), badge(plural(linesOf(text).length, "line")), count ? badge(plural(count, "finding"), "bad") : null,
      changed ? badge(older === undefined ? "new in this round" : "changed in this round") : null];
    return lazy(head, () => [
      changed && older !== undefined ? lazy(`Difference from round ${before.number}`, () => diffBox(older, text), { open: true }) : null,
      code(text, found || new Map(), path)]);
  };
  const paths = [...new Set([...Object.keys(round.files), ...notes.keys()])].sort();
  const telling = (path) => notes.has(path) || (before && before.files[path] !== round.files[path]);
  const first = (paths.length > MOST_FILES ? [...paths.filter(telling), ...paths.filter((path) => !telling(path))] : paths).slice(0, MOST_FILES);
  const rest = paths.filter((path) => !first.includes(path));
  const dropped = before ? Object.keys(before.files).filter((path) => !(path in round.files)) : [];
  if (!paths.length) return [heading, h("p", { class: "soft" }, "None was kept.")];
  return [
    heading, first.map(one), rest.length ? lazy(plural(rest.length, "more file"), () => rest.map(one)) : null,
    dropped.length ? h("p", {}, "Dropped in this round: ", dropped.slice(0, MOST_FILES).map((path) => place(path)), dropped.length > MOST_FILES ? `and ${dropped.length - MOST_FILES} more` : null) : null,
  ];
}

// The messages of a prompt; each is a text that several samples may share.
const messages = (prompt) => prompt.map(([speaker, key]) => lazy(speaker, () => {
  const body = h("div", {}, h("p", { class: "soft" }, "reading"));
  unpack(`t-${key}`).then((text) => show(body, h("pre", {}, text ?? "not kept")), (error) => show(body, h("p", { class: "warning" }, `damaged: ${error.message}`)));
  return body;
}));

function roundBox(round, before, open) {
  const score = round.score, deviations = score.submission.diagnostics, marks = new Map();
  for (const d of deviations) noted(marks, d.line, d.severity === "error" ? "bad" : "warning", `${d.code}: ${d.message}`);
  const summary = h("summary", {}, `Round ${round.number}: `, verdict(score.verdict), round.commit ? badge(`commit ${round.commit.slice(0, 12)}`) : null);
  return h("details", { class: "card round", open }, summary,
    h("ul", { class: "evidence" }, score.reasons.slice(0, 12).map((r) => h("li", {}, place(r.path, r.line), r.message)),
      score.reasons.length > 12 ? h("li", {}, `and ${score.reasons.length - 12} more`) : null),
    testsBox(score), checklistBox(score.checklist), probesBox(score.probes, round.told.probes),
    mutantsBox(score.mutants, round.told.mutants), proseBox(score.prose, round.told.prose),
    deviations.length ? [h("h3", {}, "Format"), table(["severity", "line", "code", "what"],
      deviations.slice(0, MOST_ROWS).map((d) => [verdict(d.severity), d.line, d.code, (d.path ? `${d.path}: ` : "") + d.message])),
    deviations.length > MOST_ROWS ? h("p", { class: "more" }, `and ${deviations.length - MOST_ROWS} more`) : null] : null,
    filesBox(round, before),
    round.prompt.length ? [h("h3", {}, "What the model was told for this round"), messages(round.prompt)] : null,
    h("h3", {}, "Answer"), lazy(["The raw answer", badge(plural(round.answer.length, "character"))], () => code(round.answer, marks, "Answer")),
    score.migrations.map((step) => lazy(`Migration (${step.kind})${step.message ? ": failed" : ""}`, () => [h("pre", {}, step.text), step.message ? h("pre", {}, step.message) : null])),
    score.notes.length ? [h("h3", {}, "Notes"), h("ul", { class: "evidence" }, score.notes.map((note) => h("li", {}, note)))] : null,
    Object.keys(score.timings).length ? [h("h3", {}, "Timings"), bars(score.timings)] : null);
}

// What stands at the top of a sample's page; the index alone knows it.
function sampleFacts(s, agent) {
  const facts = {
    Agent: agent, Answers: s.sources || "-", Format: s.adherence || "-", Rounds: s.rounds, Probes: s.probes, Mutants: s.mutants,
    Cost: s.cost == null ? "unknown" : `$${s.cost.toFixed(4)}`, Tokens: `${s.tokens[0] ?? "?"} in, ${s.tokens[1] ?? "?"} out`,
    "Model seconds": s.latency == null ? "unknown" : s.latency.toFixed(1), Branch: s.branch,
  };
  return [
    h("h2", { tabindex: "-1" }, s.name), h("p", { class: "headline" }, verdict(s.verdict), h("span", { class: "soft" }, s.title)),
    h("dl", { class: "facts" }, Object.entries(facts).filter(([, value]) => value != null).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    s.error ? h("p", { class: "warning" }, `Not judged: ${s.error}`) : null,
  ];
}

// The newest round stands first; the one that counts is open.
function samplePage(page, best) {
  const rounds = page.rounds.map((round, n) => roundBox(round, page.rounds[n - 1], round.number === best || page.rounds.length === 1)).reverse();
  return [
    rounds,
    page.calls.length ? h("section", { class: "card" }, h("h3", {}, "What others said"),
      page.calls.map((c) => lazy(`${c.step}, round ${c.round}`, () => h("pre", {}, c.text)))) : null,
    h("section", { class: "card" }, h("h3", {}, "Prompt"), page.prompt.length ? messages(page.prompt) : h("p", { class: "soft" }, "The prompt was not kept.")),
    page.rounds.length > 1 && Object.keys(page.timings).length ? h("section", { class: "card" }, h("h3", {}, "Timings over all rounds"), bars(page.timings)) : null,
  ];
}
