() => {
  // Notes, for each variant, which moment of the run its plot of counts shows, when it got that data, and when it was drawn.
  const seen = (window.goleakLag = []);
  window.goleakNow = 0;
  const clock = () => (performance.timeOrigin + performance.now()) / 1000;
  const find = (Bokeh, name) => Bokeh.documents.map((each) => each.get_model_by_name(name)).find(Boolean);
  const connect = (Bokeh) => {
    const sources = ["original", "fixed"].map((variant) => [variant, find(Bokeh, `count_source_${variant}`)]);
    if (!sources.every(([, source]) => source)) return requestAnimationFrame(() => connect(Bokeh));
    for (const [variant, source] of sources) {
      source.properties.data.change.connect(() => {
        const shown = [variant, source.data.t.at(-1), clock()];
        window.goleakNow = shown[1];
        requestAnimationFrame(() => seen.push([...shown, clock()]));
      });
    }
  };
  const wait = () => {
    const shared = globalThis[Symbol.for("jupyter_goleak.bokeh")];
    if (shared) shared.promise.then(connect);
    else requestAnimationFrame(wait);
  };
  wait();
}
