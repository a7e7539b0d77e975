// ── charts.js: the Bokeh figures, their data and their colours ─────────────────────────────────────────────────

const BOKEH = Symbol.for("jupyter_goleak.bokeh");
const NICE = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];
// The share of the time axis that a bar gets at least: a worker of a millisecond is to be seen too.
const LEAST = 0.008;
const DIMMED = 0.2;
// Pixels around the frames of the figures; `figure.py` says the same.
const ABOVE = 6;
const BELOW = 4;
const BEFORE = 142;
const AFTER = 14;
// Milliseconds between two drawings of what changes slowly, while the program runs.
const SLOWLY = 500;

/** BokehJS, once the kernel's loader has brought it; until then a promise. */
function bokeh() {
  if (!globalThis[BOKEH]) {
    let resolve;
    const promise = new Promise((done) => { resolve = done; });
    globalThis[BOKEH] = { promise, resolve };
  }
  return globalThis[BOKEH].promise;
}

/** The next round number above, so that an axis that follows the run moves seldom. */
function nice(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * NICE.find((each) => each * power >= value - 1e-9);
}

/** The bars of one column as the page uses them: all columns of equal length, one entry per rectangle. */
function unpack(bars) {
  const look = numbers(Uint32Array, bars.look);
  const column = (Type, name) => {
    const values = numbers(Type, bars[name]);
    return Type.from(look, (which) => values[which]);
  };
  return {
    names: bars.names || [], goLines: bars.go_lines || [], leaks: bars.leaks || [], parents: bars.parents || [], states: bars.states || [],
    kinds: bars.kinds || [], grouped: bars.grouped,
    left: numbers(Float32Array, bars.left), right: numbers(Float32Array, bars.right),
    bottom: column(Float32Array, "bottom"), top: column(Float32Array, "top"),
    lane: column(Uint32Array, "lane"), line: column(Uint32Array, "line"), number: column(Uint32Array, "number"),
    kind: column(Uint8Array, "kind"), leaked: column(Uint8Array, "leaked"), state: column(Uint16Array, "state"),
  };
}

/**
 * The corners of a line that holds each value from its moment on until the next one's, and the last one until `end`, where it becomes `last` if there
 * is such. BokehJS could draw steps itself, but at each drawing reads beyond its data, whereupon the browser compiles that code anew.
 */
function steps(moments, held, end, last) {
  const n = moments.length;
  const [t, values] = [new Float32Array(n && 2 * n + 1), new Float32Array(n && 2 * n + 1)];
  for (let i = 0; i < n; i += 1) {
    t[2 * i] = moments[i];
    t[2 * i + 1] = i + 1 < n ? moments[i + 1] : Math.max(moments[i], end);
    values[2 * i] = values[2 * i + 1] = held[i];
  }
  if (n) [t[2 * n], values[2 * n]] = [t[2 * n - 1], last ?? held[n - 1]];
  return { t, values };
}

class Charts {
  /**
   * `holders` maps `<what>_<variant>` to the element that gets the figure, `lines` and `names` a variant to
   * its upright lines and its list of lanes; `t` translates; `pointed(variant, lines)` is called with the source lines of the lane that the pointer is
   * at, or with none.
   */
  constructor(root, figures, { holders, lines, names }, t, pointed) {
    Object.assign(this, { root, figures, holders, lines, names, t, pointed });
    this.lit = Object.fromEntries(VARIANTS.map((variant) => [variant, []]));
    this.doc = null;
    this.state = Object.fromEntries(VARIANTS.map((variant) => [variant, { facts: {}, series: {}, bars: unpack({}), unfolded: new Set() }]));
    this.now = null;
    this.lanes = 0;
    this.colours = new Map();
    this.finished = false;
  }

  async embed() {
    const Bokeh = await bokeh();
    if (this.gone || this.doc) return;
    const id = "goleak";
    const ids = Object.values(this.figures.roots);
    const roots = Object.fromEntries(Object.entries(this.figures.roots).map(([name, root]) => [root, this.holders[name]]));
    const [views] = await Bokeh.embed.embed_items({ [id]: this.figures.doc }, [{ docid: id, roots, root_ids: ids }]);
    this.views = [...views.roots];
    if (this.gone) return this.remove();
    this.doc = this.views[0].model.document;
    this.models = new Map();
    this.plots = Object.fromEntries(Object.keys(roots).map((id) => [this.doc.get_model_by_id(id).name, this.doc.get_model_by_id(id)]));
    for (const view of this.views) {
      spare(view);
      // A figure can do nothing by keyboard: the slider below can. So it is no stop on the way.
      view.canvas_view?.events_el?.setAttribute("tabindex", "-1");
    }
    this.scale();
    this.paint();
    for (const variant of VARIANTS) this.watchPointer(variant);
    const time = this.get("time");
    for (const edge of ["start", "end"]) time.properties[edge].change.connect(() => this.placeLines());
    const whole = () => time.setv({ start: time.reset_start, end: time.reset_end });
    for (const holder of Object.values(this.holders)) holder.addEventListener("dblclick", whole);
    for (const variant of VARIANTS) this.draw(variant, ["series", "bars", "facts"]);
  }

  remove() {
    this.gone = true;
    for (const view of this.views || []) view.remove();
    this.views = [];
  }

  /** A model by its name; BokehJS searches all of them each time. */
  get(name) {
    if (!this.models.has(name)) this.models.set(name, this.doc.get_model_by_name(name));
    return this.models.get(name);
  }

  /** Give a source data that seldom change, unless it has them already: new data make BokehJS map and index them all anew. */
  keep(name, data) {
    const source = this.get(name);
    if (Object.entries(data).every(([column, values]) => String(source.data[column]) === String(values))) return;
    source.data = data;
  }

  /** A colour of the theme. Kept until the theme changes: asking the page for it is dear. */
  colour(name) {
    if (!this.colours.has(name)) this.colours.set(name, getComputedStyle(this.root).getPropertyValue(`--gl-${name}`).trim());
    return this.colours.get(name);
  }

  /** Put the theme's colours on every figure. */
  paint() {
    this.colours.clear();
    if (!this.doc) return;
    const [ink, soft, grid, leak] = ["ink", "soft", "grid", "leak"].map((name) => this.colour(name));
    const font = getComputedStyle(this.root).fontFamily;
    for (const plot of Object.values(this.plots)) {
      for (const axis of [...plot.left, ...plot.below]) {
        axis.setv({ major_label_text_color: soft, major_label_text_font: font });
      }
      for (const each of plot.center) if (each.type === "Grid") each.grid_line_color = grid;
    }
    for (const variant of VARIANTS) {
      const line = this.colour(variant);
      const glyph = (name) => this.get(`${name}_${variant}`).glyph;
      glyph("count_line").setv({ line_color: { value: line } });
      glyph("count_area").setv({ fill_color: { value: line } });
      glyph("leaked_area").setv({ fill_color: { value: leak }, hatch_color: { value: leak } });
      glyph("stuck").setv({ hatch_color: { value: this.colour("hatch") } });
      glyph("marks").setv({ fill_color: { value: this.colour("paper") }, line_color: { value: ink } });
      glyph("mark_labels").setv({ text_color: { value: ink }, text_font: { value: font }, background_fill_color: { value: this.colour("paper") } });
      glyph("memory_area").setv({ fill_color: { value: soft } });
      this.drawBars(variant);
    }
  }

  /** Take the parts of one column that have changed, and draw them. */
  update(variant, parts, read) {
    const state = this.state[variant];
    for (const part of parts) state[part] = part === "bars" ? unpack(read(part)) : read(part);
    if (this.doc) this.draw(variant, parts);
  }

  draw(variant, parts) {
    this.scale();
    // Time goes on also where nothing else changes.
    if (parts.includes("series") || parts.includes("facts")) this.drawSeries(variant);
    const shown = [this.reach, this.finished, this.now].join();
    const state = this.state[variant];
    if (parts.includes("bars") || state.shown !== shown) {
      state.shown = shown;
      this.drawBars(variant);
    }
    if (parts.includes("facts")) this.drawMarks(variant);
  }

  end() {
    return Math.max(0.001, ...VARIANTS.map((variant) => this.state[variant].facts.t || 0));
  }

  /** Let the shared axes reach over what there is, unless the reader has moved them. */
  scale() {
    const end = this.end();
    const reach = this.finished ? end * 1.04 : Math.max(1, nice(end * 1.02));
    const time = this.get("time");
    if (this.reach === undefined || time.end === this.reach) {
      this.reach = reach;
      const start = -0.012 * reach;
      time.setv({ start, end: reach, reset_start: start, reset_end: reach });
    }
    const facts = VARIANTS.map((variant) => this.state[variant].facts);
    const peak = Math.max(2, ...facts.map((each) => each.peak || 0), ...facts.flatMap((each) => (each.marks || []).map((mark) => mark[1])));
    const top = peak * 1.28;
    const count = this.get("count");
    if (count.end !== top) count.setv({ start: 0, end: top, reset_end: top });
    const memory = this.get("memory");
    const most = nice(1.05 * Math.max(1, ...VARIANTS.map((variant) => numbers(Float32Array, this.state[variant].series.memory).reduce((a, b) => Math.max(a, b), 0))));
    if (memory.end !== most) memory.setv({ start: 0, end: most, reset_end: most });
    const lanes = Math.max(1, ...VARIANTS.map((variant) => this.rows(variant).length));
    if (lanes !== this.lanes) this.resizeLanes(lanes);
  }

  /** The lanes of a column that are to be seen, from top to bottom: parts of a shared lane only where that is unfolded. */
  rows(variant) {
    const { bars, unfolded } = this.state[variant];
    return bars.names.map((_, lane) => lane).filter((lane) => bars.parents[lane] < 0 || unfolded.has(bars.parents[lane]));
  }

  fold(variant, lane) {
    const { unfolded } = this.state[variant];
    if (!unfolded.delete(lane)) unfolded.add(lane);
    this.state[variant].namesShown = null;
    this.scale();
    this.drawBars(variant);
  }

  /** A lane's name; that of a shared lane unfolds its parts. */
  laneName(variant, lane) {
    const { bars, unfolded } = this.state[variant];
    // A long name gives way to the number behind it.
    const [, called, times] = /^(.*?)( ×[\d,]+)?$/s.exec(bars.names[lane]);
    const name = [h("span.gl-called", {}, called), times ? h("span.gl-times", {}, times) : null];
    if (!bars.parents.includes(lane)) return name;
    const open = unfolded.has(lane);
    const title = open ? this.t("Fold") : this.t("Show them one by one");
    return h("button.gl-fold", { type: "button", "aria-expanded": String(open), title, onclick: () => this.fold(variant, lane) }, ...name);
  }

  resizeLanes(lanes) {
    this.lanes = lanes;
    const shared = VARIANTS.some((variant) => this.state[variant].bars.grouped);
    const height = shared ? Math.max(18, Math.min(44, 400 / lanes)) : Math.max(9, Math.min(22, 420 / lanes));
    this.get("lanes").setv({ start: lanes, end: 0, reset_start: lanes, reset_end: 0 });
    for (const variant of VARIANTS) {
      this.plots[`lanes_${variant}`].height = Math.round(lanes * height) + 10;
      const step = Math.ceil(12 / height);
      const { bars } = this.state[variant];
      const shown = this.rows(variant).map((lane, row) => [lane, row]).filter(([, row]) => row % step === 0);
      this.names[variant].replaceChildren(...shown.map(([lane, row]) =>
        h(bars.parents[lane] < 0 ? "li" : "li.gl-part", { title: bars.names[lane], style: `top: ${ABOVE + (row + 0.5) * height}px` }, this.laneName(variant, lane))));
    }
  }

  drawSeries(variant) {
    const { series, facts } = this.state[variant];
    const line = (name, last) => steps(numbers(Float32Array, series[`${name}_t`]), numbers(Float32Array, series[name]), facts.t, last);
    const count = line("count", facts.end);
    this.get(`count_source_${variant}`).data = { t: count.t, count: count.values };
    // For whoever watches from outside: how often the plot has changed.
    const holder = this.holders[`count_${variant}`];
    holder.dataset.drawn = Number(holder.dataset.drawn || 0) + 1;
    const now = performance.now();
    if (facts.status === "ended" || now - (this.state[variant].memoryDrawn ?? -SLOWLY) >= SLOWLY) {
      this.state[variant].memoryDrawn = now;
      const memory = line("memory");
      this.get(`memory_source_${variant}`).data = { t: memory.t, memory: memory.values };
    }
    const stuck = facts.leaked || [];
    const leaked = steps(stuck.map(([t]) => t), stuck.map(([, n]) => n), facts.t);
    this.keep(`leaked_source_${variant}`, { t: leaked.t, count: leaked.values });
  }

  drawBars(variant) {
    const { bars } = this.state[variant];
    const names = `${this.lanes}/${bars.names.join("\n")}`;
    if (this.state[variant].namesShown !== names) { this.state[variant].namesShown = names; this.resizeLanes(this.lanes); }
    const rows = new Map(this.rows(variant).map((lane, row) => [lane, row]));
    const lines = this.lit[variant];
    const lanes = new Set();
    for (let i = 0; lines.length && i < bars.left.length; i += 1) {
      if (lines.includes(bars.line[i]) || lines.includes(bars.goLines[bars.lane[i]])) lanes.add(bars.lane[i]);
    }
    const colours = bars.kinds.map((kind) => this.colour(`state-${kind.replace(" ", "-")}`));
    const data = { left: [], right: [], bottom: [], top: [], colour: [], alpha: [], name: [], state: [], line: [] };
    const places = new Map([[0, ""]]);
    const stuck = { left: [], right: [], bottom: [], top: [], alpha: [] };
    const until = this.now ?? Infinity;
    const least = this.reach * LEAST;
    for (let i = 0; i < bars.left.length; i += 1) {
      if (bars.left[i] > until || !rows.has(bars.lane[i])) continue;
      const shift = rows.get(bars.lane[i]) - bars.lane[i];
      const open = bars.leaked[i] && this.finished;
      const right = Math.min(until, open && until === Infinity ? this.reach : Math.max(bars.right[i], bars.left[i] + least));
      data.left.push(bars.left[i]); data.right.push(right);
      data.bottom.push(bars.bottom[i] + shift); data.top.push(bars.top[i] + shift);
      const alpha = lanes.size && !lanes.has(bars.lane[i]) ? DIMMED : 1;
      data.colour.push(colours[bars.kind[i]]); data.alpha.push(alpha);
      data.name.push(bars.names[bars.lane[i]]); data.state.push(bars.states[bars.state[i]]);
      if (!places.has(bars.line[i])) places.set(bars.line[i], this.t("line {line}", { line: bars.line[i] }));
      data.line.push(places.get(bars.line[i]));
      if (bars.leaked[i]) {
        stuck.left.push(bars.left[i]); stuck.right.push(right);
        stuck.bottom.push(bars.bottom[i] + shift); stuck.top.push(bars.top[i] + shift); stuck.alpha.push(alpha);
      }
    }
    this.get(`bars_source_${variant}`).data = data;
    this.keep(`stuck_source_${variant}`, stuck);
  }

  drawMarks(variant) {
    const { facts } = this.state[variant];
    const marks = facts.marks || [];
    const labelled = marks.length <= 6;
    const middle = this.reach / 2;
    this.keep(`marks_source_${variant}`, {
      t: marks.map((mark) => mark[0]), count: marks.map((mark) => mark[1]), line: marks.map((mark) => mark[2]),
      label: marks.map((mark) => (labelled ? this.t("{n} (line {line})", { n: grouped(mark[1]), line: mark[2] }) : grouped(mark[1]))),
      align: marks.map((mark) => (mark[0] < middle ? "left" : "right")),
      shift: marks.map((mark) => (mark[0] < middle ? 2 : -2)),
    });
    this.placeLines();
  }

  /** The upright lines across a column's figures: where `main` returned, and the moment that the slider shows. */
  placeLines() {
    const time = this.get("time");
    for (const variant of VARIANTS) {
      const lines = this.lines[variant];
      for (const [name, t] of [["returned", this.state[variant].facts.returned], ["now", this.now]]) {
        const share = t == null ? -1 : (t - time.start) / (time.end - time.start);
        lines[name].hidden = !(share >= 0 && share <= 1);
        lines[name].style.left = `calc(${BEFORE}px + (100% - ${BEFORE + AFTER}px) * ${share.toFixed(5)})`;
      }
    }
  }

  /** Let the lanes of goroutines that stand at these lines, or were started there, stand out; with no lines, all the same. */
  light(variant, lines) {
    this.lit[variant] = lines;
    if (this.doc) this.drawBars(variant);
  }

  watchPointer(variant) {
    const holder = this.holders[`lanes_${variant}`];
    let before = -1;
    const point = (lane) => {
      if (lane === before) return;
      before = lane;
      this.pointed(variant, lane < 0 ? [] : this.linesOf(variant, lane));
    };
    holder.addEventListener("pointermove", (event) => {
      const box = holder.getBoundingClientRect();
      const share = (event.clientY - box.top - ABOVE) / (box.height - ABOVE - BELOW);
      point(this.rows(variant)[Math.floor(share * this.lanes)] ?? -1);
    });
    holder.addEventListener("pointerleave", () => point(-1));
  }

  /** Where a lane's goroutine was started, and where it stood last. */
  linesOf(variant, lane) {
    const { bars } = this.state[variant];
    let line = 0;
    for (let i = 0; i < bars.left.length; i += 1) {
      if (bars.lane[i] === lane && bars.line[i] && (this.now == null || bars.left[i] <= this.now)) line = bars.line[i];
    }
    return [line, bars.goLines[lane]].filter(Boolean);
  }

  /** Show the run up to a moment, or all of it for null. */
  seek(t) {
    this.now = t;
    if (!this.doc) return;
    for (const variant of VARIANTS) {
      this.drawBars(variant);
    }
    this.placeLines();
  }
}
