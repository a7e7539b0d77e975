// ── clock.js: going back through a run that is over ─────────────────────────────────────────────────────────────

class Clock {
  /** `seek(t)` is called with a moment in seconds, or null for the whole run. */
  constructor(t, seek) {
    Object.assign(this, { t, seek });
    this.end = 1;
    this.button = h("button.gl-play", { type: "button", onclick: () => this.toggle() });
    this.slider = h("input", { type: "range", min: 0, max: 1000, value: 1000, "aria-label": t("Moment of the run"), oninput: () => this.moved() });
    this.reading = h("output");
    this.element = h("div.gl-clock", {}, this.button, this.slider, this.reading);
    this.element.hidden = true;
    this.face();
  }

  show(end) {
    this.end = end;
    this.element.hidden = false;
    this.face();
  }

  get moment() {
    return (this.slider.value / 1000) * this.end;
  }

  moved() {
    this.pause();
    this.tell();
  }

  tell() {
    this.seek(Number(this.slider.value) >= 1000 ? null : this.moment);
    this.face();
  }

  toggle() {
    if (this.frame) return this.pause();
    if (Number(this.slider.value) >= 1000) this.slider.value = 0;
    // A run of any length plays in 4 to 12 seconds: long enough to see, short enough to wait for.
    const length = 1000 * Math.min(12, Math.max(4, this.end * 2));
    const from = Number(this.slider.value);
    let start;
    let drawn = 0;
    const step = (now) => {
      start ??= now;
      const value = Math.min(1000, from + (1000 * (now - start)) / length);
      this.frame = requestAnimationFrame(step);
      if (now - drawn > 60 || value >= 1000) {
        drawn = now;
        this.slider.value = value;
        if (value >= 1000) this.pause();
        this.tell();
      }
    };
    this.frame = requestAnimationFrame(step);
    this.face();
  }

  pause() {
    cancelAnimationFrame(this.frame);
    this.frame = null;
    this.face();
  }

  face() {
    say(this.button, this.frame ? "❚❚" : "▶");
    set(this.button, { "aria-label": this.frame ? this.t("Pause") : this.t("Play the run again") });
    say(this.reading, seconds(this.moment));
    set(this.slider, { "aria-valuetext": seconds(this.moment) });
  }
}
