// The style explorer: the view of one StyleExplorer of Python.

const STYLE_STATE = ["pair", "style_weight", "style_layers", "picture_size", "steps", "_grid", "_run"];

function renderStyle({ model, el }) {
  const { pairs, weights, layers, size } = model.get("_grid");
  const names = Object.keys(pairs);
  const reader = pictureReader(pairs, () => draw());
  const status = announcer();
  const content = stylePanel("source");
  const style = stylePanel("source");
  const result = stylePanel("result");
  const sentence = element("p", { class: "cnn-style-words" });
  const credits = element("p", { class: "cnn-notes" });
  const run = runPanel({ model, set, status });
  const controls = [
    choice({
      name: "pair",
      label: "pictures",
      options: () => names.map((name) => [name, pairs[name].title]),
      get: () => model.get("pair"),
      set: (pair) => set({ pair }),
    }),
    slider({
      name: "style_weight", label: "style weight", min: 0, max: weights.length - 1, wide: true,
      format: (i) => String(weights[i]),
      get: () => state().column,
      set: (i) => set({ style_weight: weights[i] }),
    }),
    slider({
      name: "style_layers", label: "style layers", min: 0, max: layers.length - 1, wide: true,
      format: (i) => layers[i].join(", "),
      get: () => state().row,
      set: (i) => set({ style_layers: layers[i] }),
    }),
  ];
  let said = "";

  function set(changes) {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    model.save_changes();
  }

  function state() {
    const chosen = model.get("style_layers").join();
    return {
      pair: model.get("pair"),
      row: layers.findIndex((one) => one.join() === chosen),
      column: weights.indexOf(model.get("style_weight")),
    };
  }

  function drawSources(pair) {
    const { sheet, parts } = pairs[pair];
    content.describe("Content", `Content picture: ${parts[0]}`);
    style.describe("Style", `Style picture: ${parts[1]}`);
    [content, style].forEach((panel, column) => {
      const image = reader.get(pair, sheet ? "sheet" : ["content", "style"][column]);
      if (image && sheet) panel.draw(image, column * size, 0, size, size);
      else if (image) panel.draw(image);
    });
  }

  function drawResult({ pair, row, column }) {
    const { sheet, title } = pairs[pair];
    result.element.hidden = !sheet;
    if (!sheet) return;
    const setting = `style weight ${weights[column]}, style layers ${layers[row].join(", ")}`;
    result.describe("Stored result", `Stored result: ${title}, ${setting}`);
    const image = reader.get(pair, "sheet");
    if (image) result.draw(image, column * size, (row + 1) * size, size, size);
  }

  function draw() {
    const now = state();
    const { sheet, says, credits: thanks } = pairs[now.pair];
    controls.forEach((control) => control.refresh());
    drawSources(now.pair);
    drawResult(now);
    const text = sheet ? says[now.row][now.column] : says;
    setText(sentence, text);
    setText(credits, thanks);
    if (said !== text) status.say(text);
    said = text;
    run.refresh();
  }

  const root = element(
    "section",
    { class: "cnn-explorer cnn-style", "aria-label": "Style explorer" },
    element("div", { class: "cnn-controls" }, ...controls.map((control) => control.element)),
    element(
      "div",
      { class: "cnn-stage" },
      element("div", { class: "cnn-style-sources" }, content.element, style.element),
      element("div", { class: "cnn-style-stored" }, result.element, sentence),
      run.element,
    ),
    credits,
    status.element,
  );
  keepKeys(root);
  el.replaceChildren(root);
  const stopFollowing = follow(model, STYLE_STATE, draw);
  return () => {
    status.hush();
    run.hush();
    stopFollowing();
  };
}
