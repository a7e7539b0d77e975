// ── findings.js: the leaks in a table, why they are there, and the source with its marks ─────────────────────────

class Findings {
  /** `light(lines, more)` lights up these lines of the original and what stands at them, or none; and `more` lines. */
  constructor(t, light) {
    Object.assign(this, { t, light });
    this.why = h("div.gl-why");
    this.table = h("div.gl-table");
    this.tries = h("div.gl-tries");
    this.element = h("section.gl-findings", { "aria-label": t("Findings") }, this.why, this.table, this.tries);
    this.element.hidden = true;
  }

  show(facts, head) {
    const groups = [...(facts.leaks || []), ...(facts.alive || [])];
    const key = JSON.stringify([groups, head.attempts, head.untried, head.fix, head.finished]);
    if (key === this.key) return;
    this.key = key;
    const attempts = head.finished ? head.attempts || [] : [];
    this.element.hidden = !groups.length && !attempts.length;
    this.tries.replaceChildren(
      attempts.length ? this.attempts(attempts, head.fix) : "",
      head.finished && head.untried ? h("p", {}, head.untried) : "",
    );
    const reasons = [...new Set((facts.leaks || []).map((leak) => leak.explanation).filter(Boolean))];
    this.why.replaceChildren(...reasons.map((reason) => h("p", {}, coded(reason))));
    this.table.replaceChildren(groups.length ? this.rows(groups, head.file) : "");
  }

  rows(groups, main) {
    const t = this.t;
    const line = (n, file) => (n ? h("span", {}, file && file !== main ? `${file}:${n}` : String(n)) : "–");
    const body = groups.map((group) => {
      const lines = [group.line, group.go_line].filter(Boolean);
      const on = () => this.light(lines, group.made_file === main ? [group.made_line] : []);
      const off = () => this.light([]);
      return h("tr", { tabindex: "0", "data-evidence": group.evidence, onmouseenter: on, onmouseleave: off, onfocus: on, onblur: off },
        h("td.gl-n", {}, grouped(group.count)),
        h("td", {}, h("span.gl-evidence", { "data-evidence": group.evidence }, this.evidence(group.evidence))),
        h("td", {}, group.state),
        h("td", {}, this.where(group)),
        h("td", {}, line(group.line, group.file)),
        h("td", {}, line(group.go_line, group.go_file), group.created_by ? h("span.gl-by", {}, ` ${group.created_by}`) : null));
    });
    const titles = [t("Count"), t("Evidence"), t("State"), t("Function"), t("Blocked at line"), t("Started at line")];
    return h("table", {},
      h("thead", {}, h("tr", {}, titles.map((title, index) => h(index ? "th" : "th.gl-n", { scope: "col" }, title)))),
      h("tbody", {}, body));
  }

  /** The function; opened, all calls on the stack, the user's own among the library's. */
  where(group) {
    const extra = [group.test, ...Object.entries(group.labels || {}).map(([name, value]) => `${name}=${value}`)].filter(Boolean);
    const chips = extra.map((each) => h("span.gl-chip", {}, each));
    const name = h("code", {}, group.function);
    if ((group.stack || []).length < 2) return [name, ...chips];
    const frames = group.stack.map((frame) => h("li", {}, h("code", {}, frame.function), h("span.gl-by", {}, ` ${frame.file.replace(/^.*\/src\//, "")}:${frame.line}`)));
    return [h("details", {}, h("summary", {}, name), h("ol.gl-stack", {}, frames)), ...chips];
  }

  attempts(attempts, fix) {
    const t = this.t;
    const rows = attempts.map(([title, outcome, detail, word]) =>
      h("li", {}, coded(title), " ", h("span.gl-outcome", { "data-outcome": outcome, title: detail || null }, word)));
    const title = fix ? t("What else was tried") : t("No fix was found. Tried:");
    return h("details", { open: !fix }, h("summary", {}, title), h("ul", {}, rows));
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

  /** The rows of a text, or of a diff; `marks` maps line numbers to their `kinds` (blocked, started, made) and a `title`. */
  show(rows, marks, title, why = "") {
    this.title.replaceChildren(...coded(title));
    this.why.replaceChildren(...coded(why));
    this.why.hidden = !why;
    set(this.code, { "aria-label": title });
    this.element.hidden = !rows.length;
    const key = JSON.stringify([...marks].map(([line, mark]) => [line, mark.title]));
    if (this.rows === rows && this.key === key) return;
    this.rows = rows;
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
    // By keyboard one comes to the lines that have a mark; the pointer finds all.
    const row = h("div.gl-row", { "data-sign": sign === " " ? null : sign, "data-marks": kinds.join(" ") || null, tabindex: mark ? "0" : null },
      gutter, h("span.gl-number", {}, String(number)),
      h("span.gl-sign", {}, sign === " " ? "" : sign),
      h("code", {}, tokens.map(([kind, text]) => (kind ? h(`span.gl-t-${kind}`, {}, text) : text))),
      mark ? h("span.gl-remark", {}, mark.title) : null);
    for (const event of ["mouseenter", "focus"]) row.addEventListener(event, () => this.light([number]));
    for (const event of ["mouseleave", "blur"]) row.addEventListener(event, () => this.light([]));
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

/** Why there is nothing to run. */
class Problem {
  constructor(t) {
    this.t = t;
    this.title = h("h3");
    this.message = h("pre.gl-message");
    this.element = h("section.gl-problem", { role: "alert" }, this.title, this.message);
    this.element.hidden = true;
  }

  show(error) {
    this.element.hidden = !error;
    if (!error) return;
    this.title.replaceChildren(shape("build-error"), this.t("The program does not compile."));
    say(this.message, error.message);
  }
}

function errorMark(error) {
  return new Map([[error.line, { kinds: new Set(["blocked"]), title: error.message.split("\n")[0] }]]);
}

/** Where goroutines that leaked are blocked, where they were started, and where what they wait for was made. */
function leakMarks(leaks, main, t) {
  const marks = new Map();
  const add = (line, kind, title) => {
    if (!line) return;
    const mark = marks.get(line) || { kinds: new Set(), title: "" };
    mark.kinds.add(kind);
    mark.title = [mark.title, title].filter(Boolean).join("; ");
    marks.set(line, mark);
  };
  const sums = new Map();
  const sum = (line, kind, state, n) => {
    const key = JSON.stringify([line, kind, state]);
    sums.set(key, (sums.get(key) || 0) + n);
  };
  for (const leak of leaks || []) {
    if (leak.file === main) sum(leak.line, "blocked", leak.state, leak.count);
    if (leak.go_file === main) sum(leak.go_line, "started", "", leak.count);
    if (leak.made_file === main) sum(leak.made_line, "made", "", leak.count);
  }
  for (const [key, n] of sums) {
    const [line, kind, state] = JSON.parse(key);
    const titles = {
      blocked: () => t("{n} blocked here: {state}", { n: grouped(n), state }),
      started: () => t("{n} started here", { n: grouped(n) }),
      made: () => t("{n} wait for this", { n: grouped(n) }),
    };
    add(line, kind, titles[kind]());
  }
  return marks;
}
