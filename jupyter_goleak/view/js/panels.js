// ── panels.js: one column's headline, numbers, legend and output ────────────────────────────────────────────────

// Milliseconds between two readings of time and memory.
const READING = 250;
const LEGEND = ["running", "chan receive", "chan send", "select", "lock", "sleep", "io", "other"];

class Column {
  constructor(variant, t) {
    Object.assign(this, { variant, t });
    this.badge = h("span.gl-badge");
    this.sentence = h("p.gl-sentence", { "aria-live": "polite" });
    this.numbers = h("ul.gl-numbers");
    this.note = h("p.gl-note");
    this.legend = h("ul.gl-legend", { "aria-label": t("States") });
    // In the style sheet the box runs from its end upwards, so that it shows the latest without being told to scroll.
    this.text = h("pre");
    this.output = h("div.gl-output", { tabindex: "0", role: "log", "aria-live": "off", "aria-label": t("Output of the program") }, this.text);
    this.holders = {
      count: h("div.gl-plot", { role: "img" }),
      lanes: h("div.gl-plot", { role: "img" }),
      memory: h("div.gl-plot", { role: "img" }),
    };
    this.title = h("h3");
    this.name = "";
    this.names = h("ul.gl-names", { "aria-label": t("Lanes") });
    this.time = h("b");
    this.memory = h("span.gl-memory");
    this.lines = { returned: h("div.gl-returned", { title: t("main has returned") }), now: h("div.gl-now") };
    this.pictures = h("div.gl-pictures", {},
      h("div.gl-plots", {},
        h("h4", { title: t("Drag to move, Ctrl and the wheel to zoom, double-click to see it all") }, t("Goroutines")), this.holders.count,
        h("h4", {}, t("Each goroutine's state")), h("div.gl-lanes", {}, this.names, this.holders.lanes), this.legend,
        h("h4", {}, t("Memory held"), " ", this.memory), this.holders.memory,
        this.lines.returned, this.lines.now),
      h("h4", {}, t("Output")), this.output);
    this.empty = h("p.gl-empty");
    this.element = h("section.gl-column", { "data-variant": variant },
      h("header", {}, h("div.gl-line", {}, this.title, this.badge), this.sentence, this.numbers, this.note),
      this.empty, this.pictures);
  }

  showFacts(facts, head) {
    const t = this.t;
    const waiting = facts.status === "waiting";
    const verdict = facts.verdict || facts.status;
    if (head.names && this.name !== head.names[this.variant]) {
      this.name = head.names[this.variant];
      this.described = false;
      say(this.title, this.name);
    }
    set(this.element, { "data-verdict": verdict, "data-status": facts.status, "aria-label": this.name });
    this.pictures.hidden = waiting;
    this.empty.hidden = !waiting;
    say(this.empty, waiting ? this.whyEmpty(head) : "");
    const word = facts.word || { running: t("running"), settling: t("settling"), waiting: t("waiting") }[facts.status] || "";
    if (this.badge.dataset.word !== `${verdict}/${word}`) {
      this.badge.dataset.word = `${verdict}/${word}`;
      this.badge.replaceChildren(shape(SHAPES[verdict] ? verdict : "running"), word);
    }
    this.badge.hidden = waiting;
    say(this.sentence, facts.sentence || this.inTheMeantime(facts));
    say(this.note, facts.note || "");
    this.note.hidden = !this.note.textContent;
    this.showNumbers(facts, waiting);
    this.showReadings(facts);
    this.alternatives(facts);
  }

  inTheMeantime(facts) {
    if (facts.status === "running") return this.t.count("{n} goroutine now", "{n} goroutines now", facts.count);
    if (facts.status === "settling") return this.t.count("main has returned; {n} goroutine now", "main has returned; {n} goroutines now", facts.count);
    return "";
  }

  whyEmpty(head) {
    if (this.variant === "original") return head.progress || "";
    if (head.total) return this.t("Looking for a fix: {tried} of {total} tried", { tried: head.tried, total: head.total });
    return head.finished ? this.t("No fix to show.") : this.t("No fixed variant yet.");
  }

  showNumbers(facts, waiting) {
    const t = this.t;
    this.numbers.hidden = waiting;
    const pairs = [
      [t("peak"), grouped(facts.peak || 0)],
      facts.end == null ? [t("now"), grouped(facts.count || 0)] : [t("at the end"), grouped(facts.end)],
      [t("started"), grouped(facts.created || 0)],
    ];
    if (!this.figures) {
      this.figures = pairs.map(() => [new Text(), h("b")]);
      this.numbers.append(...this.figures.map(([name, value]) => h("li", {}, name, " ", value)), h("li", {}, t("time"), " ", this.time));
    }
    pairs.forEach(([name, value], index) => {
      say(this.figures[index][0], name);
      say(this.figures[index][1], value);
    });
  }

  /** What never stands still is told four times a second, while the program runs: nobody reads it faster. */
  showReadings(facts) {
    const now = performance.now();
    if (facts.status === "running" && now - this.read < READING) return;
    this.read = now;
    say(this.time, seconds(facts.took || 0));
    say(this.memory, facts.memory ? bytes(facts.memory) : "");
  }

  alternatives(facts) {
    const { t, holders, name } = this;
    const values = { name, peak: grouped(facts.peak || 0), n: grouped(facts.end ?? facts.count ?? 0), time: seconds(facts.t || 0), memory: bytes(facts.memory || 0) };
    if (facts.status !== "ended" && this.described) return;
    this.described = true;
    set(holders.count, { "aria-label": t("{name}: goroutines over time, {n} after {time}, {peak} at most", values) });
    set(holders.lanes, { "aria-label": t("{name}: the state of each goroutine over time", values) });
    set(holders.memory, { "aria-label": t("{name}: memory held over time, {memory} after {time}", values) });
  }

  /** The states that are to be seen in any column: the same legend for both, so that they stay side by side. */
  showLegend(columns) {
    const present = new Set(columns.flatMap((bars) => [...new Set(bars.kind)].map((kind) => bars.kinds[kind])));
    const stuck = columns.some((bars) => bars.leaked.some(Boolean));
    const key = `${[...present].sort().join()}${stuck}`;
    if (this.legend.dataset.key === key) return;
    this.legend.dataset.key = key;
    const names = { running: this.t("running"), lock: this.t("lock"), sleep: this.t("sleep"), io: this.t("I/O"), other: this.t("other") };
    this.legend.replaceChildren(
      ...LEGEND.filter((kind) => present.has(kind)).map((kind) =>
        h("li", {}, h("span.gl-swatch", { "data-kind": kind.replace(" ", "-") }), names[kind] || kind)),
      ...(stuck ? [h("li", {}, h("span.gl-swatch", { "data-kind": "stuck" }), this.t("never ends"))] : []));
  }

  /** Print what the program printed up to a moment (all of it for null). */
  showOutput(pieces, until) {
    const box = this.text;
    const shown = pieces.filter(([time]) => until == null || time <= until);
    const same = shown.length ? common(this.printed || [], shown) : 0;
    if (this.printed && same === this.printed.length && same === shown.length && same) return;
    while (box.childNodes.length > same) box.lastChild.remove();
    box.append(...shown.slice(same).map(([, stream, style, text]) => styled(text, style, stream)));
    box.classList.toggle("gl-silent", !shown.length);
    if (!shown.length) box.textContent = this.t("Nothing printed.");
    this.printed = shown;
  }
}

/** How many pieces of output are at the start of both. */
function common(before, now) {
  let n = 0;
  while (n < before.length && n < now.length && before[n].every((value, index) => value === now[n][index])) n += 1;
  return n;
}

/** A run of output in its style. Only known words and plain colours get through. */
function styled(text, style, stream) {
  const span = h(stream === "stderr" ? "span.gl-stderr" : "span", {}, text);
  for (const word of style.split(" ")) {
    const colour = /^(fg|bg)(#[0-9a-f]{6})$/.exec(word);
    if (colour) span.style[colour[1] === "fg" ? "color" : "backgroundColor"] = colour[2];
    else if (/^(bold|dim|italic|underline|inverse|[fb]g-\d{1,2})$/.test(word)) span.classList.add(`gl-${word}`);
  }
  return span;
}
