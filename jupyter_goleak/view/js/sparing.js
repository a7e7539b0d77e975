// ── sparing.js: what BokehJS does at every drawing, and need not do for these figures ───────────────────────────
// A page that draws ten times a second would spend most of its time on it. All this changes the page's own copy of BokehJS alone.

/** Spare a figure's view all that its drawings do not need. */
function spare(figure) {
  spareStyleSheets(figure);
  spareComputedStyles(figure);
  spareGlyphs(figure);
  // Nothing is ever drawn over these figures, but the browser would lay that empty canvas over each.
  if (figure.canvas_view) figure.canvas_view.overlays.el.style.display = "none";
}

/** Only where something changes are style sheets written: BokehJS writes a dozen for each figure, and asks for computed styles in between. */
function spareStyleSheets(figure) {
  // A glyph's element is empty, and its place another at every drawing.
  for (const part of figure.renderer_views?.values() ?? []) if (part.glyph) part.update_position = () => {};
  const sheets = Object.getPrototypeOf(figure._css_vars ?? {});
  const write = sheets._update;
  if (!write || write.spared) return;
  sheets._update = function (css) {
    if (css !== this.css) write.call(this, css);
  };
  sheets._update.spared = true;
}

/**
 * No question whether a style sheet says otherwise: BokehJS asks for computed styles whenever it needs a colour or a font, several times for
 * each axis, and no style sheet here sets any; nor is any size relative to another.
 */
function spareComputedStyles(figure) {
  Object.defineProperty(figure, "base_font_size", { value: 13 });
  const parts = [...(figure.renderer_views?.values() ?? [])];
  for (const visual of parts.flatMap((part) => Object.values(part.visuals ?? {}))) {
    let home = visual;
    while (home && !Object.hasOwn(home, "_get_css_value")) home = Object.getPrototypeOf(home);
    if (home) home._get_css_value = () => "";
  }
}

/** Each glyph is prepared once: BokehJS does it four times more, for when it is selected, not selected, muted or thinned out, as none here ever is. */
function spareGlyphs(figure) {
  for (const part of figure.renderer_views?.values() ?? []) {
    for (const other of [part.selection_glyph, part.nonselection_glyph, part.muted_glyph, part.decimated_glyph]) {
      if (other) other.set_data = other.set_visuals = other.after_visuals = other.map_data = () => {};
    }
  }
}
