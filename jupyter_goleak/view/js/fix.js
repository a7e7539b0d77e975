// ── fix.js: what the reader may take along: the fixed program, in a cell of its own ─────────────────────────────

class FixButton {
  /** `model` holds in `insert` the new cell's `text`, and the id of the `cell` that it belongs below. */
  constructor(model, t) {
    Object.assign(this, { model, t });
    this.button = h("button.gl-put", { type: "button", onclick: () => this.press() });
    this.done = h("span.gl-hint", { role: "status" });
    this.element = h("p.gl-fixbutton", {}, this.button, this.done);
    this.show();
  }

  show() {
    this.element.hidden = !this.offer.text;
    say(this.button, this.notebook ? this.t("Put the fix into a new cell") : this.t("Copy the fixed program"));
    this.button.disabled = false;
    say(this.done, "");
  }

  get offer() {
    return this.model.get("insert") || {};
  }

  /** The notebook's own model, where the page shows it (JupyterLab, Notebook), and the place of the view's cell in it. */
  get notebook() {
    const shared = this.model.widget_manager?.context?.model?.sharedModel;
    const at = shared?.cells?.findIndex((cell) => cell.id === this.offer.cell) ?? -1;
    return at < 0 || typeof shared.insertCell !== "function" ? null : { shared, at };
  }

  async press() {
    const { notebook, offer, t } = this;
    if (notebook) {
      notebook.shared.insertCell(notebook.at + 1, { cell_type: "code", source: offer.text });
      this.button.disabled = true;
      say(this.done, t("It is in the cell below."));
      return;
    }
    await navigator.clipboard.writeText(offer.text);
    say(this.done, t("Copied."));
  }
}
