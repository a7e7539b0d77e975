() => {
  // Looks at every frame of the page, from now on until it is told to stop. A step is counted for a variant when its plot of counts
  // got new data *and* other pixels; for each, whether a cell was still running is noted.
  const seen = (window.goleakSeen = { original: [], fixed: [] });
  const last = { original: {}, fixed: {} };
  const canvases = (node) => [
    ...node.querySelectorAll("canvas"),
    ...[...node.querySelectorAll("*")].filter((each) => each.shadowRoot).flatMap((each) => canvases(each.shadowRoot)),
  ];
  const model = (Bokeh, name) => {
    for (const document of Bokeh.documents) {
      const found = document.get_model_by_name(name);
      if (found) return found;
    }
  };
  const look = () => {
    const shared = globalThis[Symbol.for("jupyter_goleak.bokeh")];
    if (shared && !window.goleakBokeh) shared.promise.then((Bokeh) => (window.goleakBokeh = Bokeh));
    for (const variant of ["original", "fixed"]) {
      const plot = document.querySelector(`.goleak [data-variant=${variant}] .gl-plot`);
      const source = plot && window.goleakBokeh && model(window.goleakBokeh, `count_source_${variant}`);
      if (!source) continue;
      const running = [...document.querySelectorAll(".jp-InputPrompt")].some((prompt) => prompt.textContent.includes("*"));
      const now = { data: [...source.data.t].join(), pixels: canvases(plot).map((each) => each.toDataURL()).join() };
      if (now.data !== last[variant].data && now.pixels !== last[variant].pixels) {
        seen[variant].push(running);
        last[variant] = now;
      }
    }
    if (!window.goleakDone) requestAnimationFrame(look);
  };
  look();
}
