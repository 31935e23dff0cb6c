// What both explorers share: panels, the moving window, step and play, the life of a view.

/** A titled place that shows a field as a grid of numbers or as a picture. */
export function createPanel({ title, caption, area, largest, interactive, onPoint, onKey, describedBy }) {
  const grid = createGrid({ caption, area, largest, interactive, onPoint });
  const picture = createPicture({ area: area + HEADER, interactive, onPoint });
  const place = element("div", { class: "cnn-place" });
  const heading = element("p", { class: "cnn-title" }, title);
  const note = element("p", { class: "cnn-note" });
  const panel = element("div", { class: "cnn-panel" }, heading, place, note);
  panel.style.setProperty("--area", `${area + HEADER}px`);
  if (interactive) {
    place.addEventListener("keydown", onKey);
    grid.element.firstChild.setAttribute("aria-describedby", describedBy);
    picture.element.setAttribute("aria-describedby", describedBy);
  }
  let current = null;

  function use(part) {
    if (current === part) return;
    place.replaceChildren(part.element);
    current = part;
  }

  return {
    element: panel,
    setTitle: (text) => setText(heading, text),
    setNote: (text) => setText(note, text),
    showGrid(field) {
      use(grid);
      return grid.show(field);
    },
    showPicture(field) {
      use(picture);
      picture.show(field);
    },
    showInstead(...nodes) {
      current = null;
      place.replaceChildren(...nodes);
    },
    focus: () => current?.focus(),
    hasFocus: () => current?.hasFocus() ?? false,
  };
}

const MOVES = {
  ArrowUp: ([r, c], _, leap) => [r - leap, c],
  ArrowDown: ([r, c], _, leap) => [r + leap, c],
  ArrowLeft: ([r, c], _, leap) => [r, c - leap],
  ArrowRight: ([r, c], _, leap) => [r, c + leap],
  Home: ([r]) => [r, 0],
  End: ([r], [, w]) => [r, w - 1],
  PageUp: ([, c]) => [0, c],
  PageDown: ([, c], [h]) => [h - 1, c],
};

/** Where a key moves the window, kept inside the output; null for other keys. */
export function movedBy(key, shift, position, [height, width]) {
  const move = MOVES[key];
  if (!move) return null;
  const [row, col] = move(position, [height, width], shift ? 8 : 1);
  return [Math.min(Math.max(row, 0), height - 1), Math.min(Math.max(col, 0), width - 1)];
}

/** The output position whose window lies around a padded input pixel. */
export function positionAround(row, col, spans, stride, [height, width]) {
  const along = (index, span, count) =>
    Math.min(Math.max(Math.round((index - Math.floor((span - 1) / 2)) / stride), 0), count - 1);
  return [along(row, spans[0], height), along(col, spans[1], width)];
}

/** Back, play and step; `get` and `set` handle the position, `shape` the output size. */
export function createPlayer({ get, set, shape, onChange }) {
  const where = element("span", { class: "cnn-where" });
  const play = button("play", "Play", "▶ Play", () => (timer ? stop() : start()));
  let timer = 0;

  function step(by) {
    const [height, width] = shape();
    const total = height * width;
    const index = (get()[0] * width + get()[1] + by + total) % total;
    set([Math.floor(index / width), index % width]);
  }

  function tick(by) {
    const [height, width] = shape();
    const last = height * width - 1;
    const index = get()[0] * width + get()[1];
    if (index >= last) return stop();
    set([Math.floor(Math.min(index + by, last) / width), Math.min(index + by, last) % width]);
  }

  function start() {
    const [height, width] = shape();
    const total = height * width;
    if (total === 0) return;
    // a picture has thousands of positions: leap, so that a run takes seconds
    const by = Math.max(1, Math.round(total / 200));
    timer = setInterval(() => tick(by), reducedMotion() ? 1500 : by > 1 ? 60 : 650);
    if (get()[0] * width + get()[1] >= total - 1) set([0, 0]);
    refresh();
    onChange();
  }

  function stop() {
    if (!timer) return;
    clearInterval(timer);
    timer = 0;
    refresh();
    onChange();
  }

  function refresh() {
    const [height, width] = shape();
    const total = height * width;
    setText(where, total ? `position ${get()[0] * width + get()[1] + 1} of ${total}` : "no position");
    setText(play, timer ? "⏸ Pause" : "▶ Play");
    setAttribute(play, "aria-label", timer ? "Pause" : "Play");
  }

  const manual = (by) => () => {
    stop();
    if (shape()[0]) step(by);
  };
  return {
    element: element(
      "div",
      { class: "cnn-player", role: "group", "aria-label": "Move the window" },
      button("back", "One step back", "◀ Back", manual(-1)),
      play,
      button("step", "One step on", "Step ▶", manual(1)),
      where,
      element("span", { class: "cnn-quiet", "aria-hidden": "true" }, "Arrow keys on the output move it, with Shift by 8."),
    ),
    refresh,
    stop,
    playing: () => timer !== 0,
  };
}

/** Draw now and whenever one of the named states changes; returns the clean-up. */
export function follow(model, names, draw) {
  const events = names.map((name) => `change:${name}`);
  events.forEach((event) => model.on(event, draw));
  draw();
  return () => events.forEach((event) => model.off(event, draw));
}
