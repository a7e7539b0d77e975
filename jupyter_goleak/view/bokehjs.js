// Brings BokehJS to the page as soon as the kernel's loader model exists, before any view of it is drawn.
// Views wait for `globalThis[Symbol.for("jupyter_goleak.bokeh")]`, a promise with its `resolve` beside it.

const KEY = Symbol.for("jupyter_goleak.bokeh");

function bokeh() {
  if (!globalThis[KEY]) {
    let resolve;
    const promise = new Promise((done) => { resolve = done; });
    globalThis[KEY] = { promise, resolve };
  }
  return globalThis[KEY];
}

async function unpacked(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

// BokehJS hangs itself on `this`: here an object of our own, so that the page's globals stay as they are.
async function imported(code) {
  const wrapped = `const home = {}; (function () {${code}\n}).call(home); export default home.Bokeh;`;
  const url = URL.createObjectURL(new Blob([wrapped], { type: "text/javascript" }));
  try {
    return (await import(url)).default;
  } finally {
    URL.revokeObjectURL(url);
  }
}

export default {
  async initialize({ model }) {
    const shared = bokeh();
    const bytes = model.get("bokehjs");
    if (shared.loading || !bytes?.byteLength) return;
    shared.loading = true;
    shared.resolve(await imported(await unpacked(bytes)));
  },
};
