// ── findings.js: the leaks in a table, why they are there, and the source with its marks ─────────────────────────

class Findings {
  /** `light(lines)` lights up these lines of the original, or none. */
  constructor(t, light) {
    Object.assign(this, { t, light });
    this.why = h("div.gl-why");
    this.table = h("div.gl-table");
    this.element = h("section.gl-findings", { "aria-label": t("Findings") }, this.why, this.table);
    this.element.hidden = true;
  }

  show(facts, fix) {
    const groups = [...(facts.leaks || []), ...(facts.alive || [])];
    this.element.hidden = !groups.length;
    const reasons = [...new Set((facts.leaks || []).map((leak) => leak.explanation).filter(Boolean))];
    this.why.replaceChildren(...reasons.map((reason) => h("p", {}, coded(reason))));
    this.table.replaceChildren(groups.length ? this.rows(groups) : "");
  }

  rows(groups) {
    const t = this.t;
    const line = (n) => (n ? h("span.gl-lineno", {}, String(n)) : "–");
    const body = groups.map((group) => {
      const lines = [group.line, group.go_line].filter(Boolean);
      const on = () => this.light(lines);
      const off = () => this.light([]);
      return h("tr", { tabindex: "0", "data-evidence": group.evidence, onmouseenter: on, onmouseleave: off, onfocus: on, onblur: off },
        h("td.gl-n", {}, grouped(group.count)),
        h("td", {}, h("span.gl-evidence", { "data-evidence": group.evidence }, this.evidence(group.evidence))),
        h("td", {}, group.state),
        h("td", {}, h("code", {}, group.function)),
        h("td", {}, line(group.line)),
        h("td", {}, line(group.go_line), group.created_by ? h("span.gl-by", {}, ` ${group.created_by}`) : null));
    });
    const titles = [t("Count"), t("Evidence"), t("State"), t("Function"), t("Blocked at line"), t("Started at line")];
    return h("table", {},
      h("thead", {}, h("tr", {}, titles.map((title, index) => h(index ? "th" : "th.gl-n", { scope: "col" }, title)))),
      h("tbody", {}, body));
  }

  evidence(name) {
    return { proven: this.t("proven"), likely: this.t("likely"), alive: this.t("alive") }[name] || name;
  }
}

/** A sentence in which `…` between backquotes is code. */
function coded(sentence) {
  return sentence.split("`").map((part, index) => (index % 2 ? h("code", {}, part) : part));
}

class Source {
  constructor(variant, t, light) {
    Object.assign(this, { variant, t, light });
    this.title = h("h4");
    this.why = h("p.gl-fixwhy");
    this.code = h("div.gl-code", { tabindex: "0", role: "group" });
    this.element = h("section.gl-source", { "data-variant": variant }, this.title, this.why, this.code);
    this.lines = new Map();
  }

  /** The rows of a text, or of a diff; `marks` maps line numbers to `["blocked" | "started", how many]`. */
  show(rows, marks, title, why = "") {
    this.title.replaceChildren(...coded(title));
    this.why.replaceChildren(...coded(why));
    this.why.hidden = !why;
    set(this.code, { "aria-label": title });
    this.element.hidden = !rows.length;
    const key = JSON.stringify([rows, [...marks]]);
    if (this.key === key) return;
    this.key = key;
    this.lines.clear();
    this.code.replaceChildren(...rows.map((row) => this.row(row, marks)));
    const first = [...marks].find(([, mark]) => mark.kinds.has("blocked"))?.[0];
    const target = this.lines.get(first) || this.code.querySelector('[data-sign="+"]');
    if (target) this.code.scrollTop = Math.max(0, target.offsetTop - this.code.clientHeight / 2);
  }

  row([sign, old, now, tokens], marks) {
    if (sign === "@") return h("div.gl-gap", { "aria-hidden": "true" }, "⋯");
    const number = sign === "-" ? old : now;
    const mark = marks.get(number);
    const kinds = mark ? [...mark.kinds] : [];
    const gutter = h("span.gl-gutter", { title: mark?.title }, kinds.map((kind) => h(`span.gl-mark-${kind}`, { role: "img", "aria-label": mark.title })));
    const row = h("div.gl-row", { "data-sign": sign === " " ? null : sign, "data-marks": kinds.join(" ") || null },
      gutter, h("span.gl-number", {}, String(number)),
      h("span.gl-sign", {}, sign === " " ? "" : sign),
      h("code", {}, tokens.map(([kind, text]) => (kind ? h(`span.gl-t-${kind}`, {}, text) : text))),
      mark ? h("span.gl-remark", {}, mark.title) : null);
    row.addEventListener("mouseenter", () => this.light([number]));
    row.addEventListener("mouseleave", () => this.light([]));
    this.lines.set(number, row);
    return row;
  }

  lightUp(lines) {
    for (const row of this.code.querySelectorAll(".gl-lit")) row.classList.remove("gl-lit");
    for (const line of lines) this.lines.get(line)?.classList.add("gl-lit");
  }

  /** Show how many goroutines stand at each line at this moment. */
  count(standing) {
    for (const row of this.code.querySelectorAll("[data-standing]")) row.removeAttribute("data-standing");
    for (const [line, n] of standing) this.lines.get(line)?.setAttribute("data-standing", `×${grouped(n)}`);
  }
}

/** Where goroutines that leaked are blocked and were started. */
function leakMarks(leaks, t) {
  const marks = new Map();
  const add = (line, kind, title) => {
    if (!line) return;
    const mark = marks.get(line) || { kinds: new Set(), title: "" };
    mark.kinds.add(kind);
    mark.title = [mark.title, title].filter(Boolean).join("; ");
    marks.set(line, mark);
  };
  for (const leak of leaks || []) {
    add(leak.line, "blocked", t("{n} blocked here: {state}", { n: grouped(leak.count), state: leak.state }));
    add(leak.go_line, "started", t("{n} started here", { n: grouped(leak.count) }));
  }
  return marks;
}
