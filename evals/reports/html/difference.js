// The lines of a text; the line end of the last one begins no line of its own.
const linesOf = (text) => { const lines = text.split("\n"); if (lines[lines.length - 1] === "") lines.pop(); return lines; };

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
  const lines = difference(linesOf(before), linesOf(after));
  const near = new Array(lines.length).fill(false);
  lines.forEach(([kind], at) => { if (kind !== "same") for (let n = Math.max(0, at - 3); n <= Math.min(lines.length - 1, at + 3); n += 1) near[n] = true; });
  const box = h("div", { class: "code", tabindex: "0", role: "group", "aria-label": "Difference" });
  let number = 0, gap = 0, made = 0;
  const told = () => { if (gap) box.append(h("div", { class: "gap" }, plural(gap, "unchanged line"))); gap = 0; };
  lines.forEach(([kind, line], at) => {
    if (kind !== "del") number += 1;
    if (!near[at]) { gap += 1; return; }
    told();
    made += 1;
    if (made <= MOST_LINES) box.append(h("div", { class: `l ${kind}`, "data-n": kind === "del" ? "" : number }, (kind === "add" ? "+" : kind === "del" ? "-" : " ") + line));
  });
  told();
  if (made > MOST_LINES) box.append(h("div", { class: "gap" }, `and ${plural(made - MOST_LINES, "more line")}`));
  return box;
}
