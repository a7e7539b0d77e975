// ── view.js: the parts put together, and kept in step with the kernel's state ───────────────────────────────────

const PARTS = ["facts", "series", "bars", "output", "code"];
const PATIENCE = 15000;
// So long a notebook may take to lay itself out anew.
const SETTLING = 1500;
// Milliseconds between two drawings.
const AT_MOST = 40;

class View {
  constructor(model, el) {
    Object.assign(this, { model, el });
    const t = (this.t = translator(model.get("words") || {}));
    this.title = h("h2");
    this.progress = h("p.gl-progress", { role: "status" });
    this.stop = h("button.gl-stop", { type: "button", title: t("While the cell runs, the ■ key of the notebook always works"), onclick: () => this.askToStop() }, t("Stop"));
    this.hint = h("span.gl-hint", {}, t("or ■ in the toolbar"));
    this.columns = Object.fromEntries(VARIANTS.map((variant) => [variant, new Column(variant, t)]));
    this.clock = new Clock(t, (moment) => this.seek(moment));
    this.problem = new Problem(t);
    this.findings = new Findings(t, (lines, more) => this.light("original", lines, more));
    this.sources = Object.fromEntries(VARIANTS.map((variant) => [variant, new Source(variant, t, (lines) => this.light(variant, lines))]));
    this.fix = new FixButton(model, t);
    this.sources.fixed.element.append(this.fix.element);
    this.still = h("img.gl-still", { alt: t("The runs as a picture") });
    this.still.hidden = true;
    this.root = h("div.goleak", { role: "region", "aria-label": t("Goroutines of the program") },
      h("div.gl-top", {}, this.title, this.progress, h("span.gl-controls", {}, this.hint, this.stop)),
      this.problem.element,
      h("div.gl-columns", {}, VARIANTS.map((variant) => this.columns[variant].element)),
      this.still, this.clock.element, this.findings.element,
      h("div.gl-columns.gl-sources", {}, VARIANTS.map((variant) => this.sources[variant].element)));
    el.append(this.root);
    const places = {
      holders: Object.fromEntries(VARIANTS.flatMap((variant) => Object.entries(this.columns[variant].holders).map(([what, element]) => [`${what}_${variant}`, element]))),
      lines: Object.fromEntries(VARIANTS.map((variant) => [variant, this.columns[variant].lines])),
      names: Object.fromEntries(VARIANTS.map((variant) => [variant, this.columns[variant].names])),
    };
    this.charts = new Charts(this.root, model.get("figures"), places, t, (variant, lines) => this.lightSource(variant, lines));
    this.dirty = new Set();
    this.listen();
  }

  /**
   * What runs now is there to be watched. A notebook that went on to the next cell keeps that one in sight while this
   * one grows; so hold on to the view, through the build too, until the run has begun and the view has had its size and
   * its place for a moment, or the reader does anything.
   */
  stayInSight() {
    const cell = this.root.closest(".jp-Cell");
    const active = document.querySelector(".jp-Cell.jp-mod-active");
    const justRun = cell && (active === cell || active?.previousElementSibling === cell);
    if (!justRun || this.model.get("head")?.finished) return;
    let held = true;
    let until = Infinity;
    const letGo = () => { held = false; };
    const acts = ["wheel", "keydown", "pointerdown", "touchstart"];
    acts.forEach((act) => document.addEventListener(act, letGo, { capture: true, passive: true }));
    const begun = () => this.model.get("head")?.finished || (this.charts.doc && (this.part("facts", "original").status || "waiting") !== "waiting");
    const place = () => this.root.getBoundingClientRect().top;
    const hold = () => {
      if (this.gone || !held || performance.now() > until) return acts.forEach((act) => document.removeEventListener(act, letGo, { capture: true }));
      const before = place();
      this.root.scrollIntoView({ block: "start" });
      if (begun() && (until === Infinity || Math.abs(place() - before) > 1)) until = performance.now() + SETTLING;
      requestAnimationFrame(hold);
    };
    hold();
  }

  part(name, variant) {
    return this.model.get(`${name}_${variant}`) || {};
  }

  listen() {
    const names = ["head", "still", "insert", ...PARTS.flatMap((part) => VARIANTS.map((variant) => `${part}_${variant}`))];
    this.listeners = names.map((name) => [`change:${name}`, () => this.touch(name)]);
    for (const [event, listener] of this.listeners) this.model.on(event, listener);
    names.forEach((name) => this.dirty.add(name));
    this.draw();
    this.themes = new MutationObserver(() => this.charts.paint());
    this.themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name", "data-jp-theme-light", "class", "data-vscode-theme-kind"] });
    this.media = matchMedia("(prefers-color-scheme: dark)");
    this.media.addEventListener("change", () => this.charts.paint());
    this.whenOnPage().then(() => this.stayInSight());
    this.whenOnPage().then(() => this.charts.embed()).catch((problem) => { console.error(problem); this.fallBack(); });
    this.timer = setTimeout(() => this.fallBack(), PATIENCE);
  }

  /** Bokeh draws only into what is on the page already. */
  async whenOnPage() {
    while (!this.root.isConnected && !this.gone) await new Promise((done) => requestAnimationFrame(done));
  }

  /**
   * Draw once for all that one message changes, and at once, so that BokehJS's own drawing falls into the same frame; but
   * once per frame where messages have piled up, and not at all while the page is hidden.
   */
  touch(name) {
    this.dirty.add(name);
    if (this.waiting) return;
    this.waiting = true;
    const draw = () => { this.waiting = false; if (!this.gone) this.draw(); };
    const busy = document.hidden || performance.now() - this.drawn < AT_MOST;
    if (busy) requestAnimationFrame(draw);
    else queueMicrotask(draw);
  }

  draw() {
    this.drawn = performance.now();
    const dirty = this.dirty;
    this.dirty = new Set();
    const head = this.model.get("head") || {};
    if (dirty.has("head")) this.showHead(head);
    if (dirty.has("insert")) this.fix.show();
    for (const variant of VARIANTS) {
      const parts = PARTS.filter((part) => dirty.has(`${part}_${variant}`));
      const column = this.columns[variant];
      if (parts.includes("facts") || dirty.has("head")) column.showFacts(this.part("facts", variant), head);
      if (parts.includes("output")) column.showOutput(this.part("output", variant).pieces || [], this.charts.now);
      const drawn = parts.filter((part) => ["facts", "series", "bars"].includes(part));
      if (drawn.length || dirty.has("head")) this.charts.update(variant, dirty.has("head") ? [...new Set([...drawn, "facts"])] : drawn, (part) => this.part(part, variant));
      if (parts.includes("code") || dirty.has("head") || this.part("facts", variant).status === "ended") this.showSource(variant, head);
    }
    if (VARIANTS.some((variant) => dirty.has(`bars_${variant}`))) {
      const bars = VARIANTS.map((variant) => this.charts.state[variant].bars);
      for (const variant of VARIANTS) this.columns[variant].showLegend(bars);
    }
    if (dirty.has("facts_original") || dirty.has("head")) this.findings.show(this.part("facts", "original"), head);
    if (head.finished && this.part("facts", "original").status !== "waiting") this.clock.show(this.charts.end());
  }

  showHead(head) {
    say(this.title, head.title || "");
    this.title.hidden = !head.title;
    say(this.progress, head.progress || (head.finished ? head.go : ""));
    set(this.root, { "data-finished": Boolean(head.finished), "data-error": Boolean(head.error && this.part("facts", "original").status === "waiting"), "data-alone": Boolean(head.finished && this.part("facts", "fixed").status === "waiting") });
    this.stop.parentElement.hidden = head.finished || !this.model.get("stoppable");
    this.charts.finished = Boolean(head.finished);
    this.problem.show(head.error);
  }

  showSource(variant, head) {
    const { t } = this;
    const code = this.part("code", variant);
    const leaks = this.part("facts", variant).leaks;
    const panel = this.sources[variant];
    if (variant === "original") return panel.show(code.rows || [], head.error?.line ? errorMark(head.error) : leakMarks(leaks, head.file, t), t("The program"));
    const fix = head.fix;
    const proof = fix?.verified ? (fix.runs > 1 ? t("verified in {n} runs", { n: fix.runs }) : t("verified by running it")) : "";
    const title = fix ? [fix.title, proof].filter(Boolean).join(" · ") : t("What is different");
    const rows = code.diff?.length ? code.diff : [];
    return panel.show(rows, new Map(), title, fix?.why || "");
  }

  seek(moment) {
    this.charts.seek(moment);
    for (const variant of VARIANTS) {
      this.columns[variant].showOutput(this.part("output", variant).pieces || [], moment);
      const { bars } = this.charts.state[variant];
      const standing = new Map();
      for (let i = 0; moment != null && i < bars.left.length; i += 1) {
        if (bars.parents[bars.lane[i]] < 0 && bars.line[i] && bars.left[i] <= moment && moment < bars.right[i]) standing.set(bars.line[i], (standing.get(bars.line[i]) || 0) + bars.number[i]);
      }
      if (variant === "original") this.sources.original.count(standing);
    }
  }

  light(variant, lines, more = []) {
    this.lightSource(variant, [...lines, ...more]);
    this.charts.light(variant, lines);
  }

  lightSource(variant, lines) {
    this.sources[variant].lightUp(lines);
  }

  askToStop() {
    this.stop.disabled = true;
    this.model.send({ do: "stop" });
  }

  /** Without BokehJS (no kernel to bring it, or a page that forbids it) a still picture takes the charts' place. */
  fallBack() {
    if (this.charts.doc || !this.model.get("still")) return;
    this.still.src = this.model.get("still");
    this.still.hidden = false;
    set(this.root, { "data-still": true });
  }

  remove() {
    this.gone = true;
    clearTimeout(this.timer);
    this.clock.pause();
    this.themes.disconnect();
    for (const [event, listener] of this.listeners) this.model.off(event, listener);
    this.charts.remove();
  }
}

export default {
  render({ model, el }) {
    const view = new View(model, el);
    return () => view.remove();
  },
};
