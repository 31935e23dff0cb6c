// The table on which an explorer is laid out: controls, input and output, one step, texts.

const LARGE_AREA = 264;
const LARGE_LARGEST = 40;
const SMALL_AREA = 150;
const SMALL_LARGEST = 46;
const NUMBERS_UP_TO = 10; // larger images are drawn as pictures

function framed(node) {
  const place = element("div", { class: "cnn-place" }, node);
  place.style.setProperty("--area", `${SMALL_AREA}px`);
  return place;
}

function symbol(text) {
  return element("span", { class: "cnn-symbol", "aria-hidden": "true" }, text);
}

/** A small titled grid without indices, for one step. */
function smallGrid(title, caption) {
  const grid = createGrid({ caption, area: SMALL_AREA, largest: SMALL_LARGEST, headers: false });
  const heading = element("p", { class: "cnn-title" }, title);
  return {
    element: element("div", { class: `cnn-panel cnn-small cnn-small-${title.toLowerCase()}` }, heading, framed(grid.element)),
    show: grid.show,
  };
}

export function createDesk({ model, el, label, area = LARGE_AREA }) {
  const hintId = uniqueId("cnn-hint");
  const parts = {
    controls: element("div"),
    stage: element("div", { class: "cnn-stage" }),
    equation: element("div", { class: "cnn-equation" }),
    numbers: element("p", { class: "cnn-numbers" }),
    words: element("p", { class: "cnn-words" }),
    sizes: element("p", { class: "cnn-sizes" }),
    notes: element("p", { class: "cnn-notes" }),
    hint: element(
      "p",
      { class: "cnn-hidden", id: hintId },
      "Arrow keys move the window, with Shift by 8; Home, End, Page Up and Page Down go to the edges.",
    ),
  };
  const status = announcer();
  const images = new Map();
  let spec = null;
  let scene = null;
  let controls = [];
  let stopFollowing = () => {};

  const player = createPlayer({
    get: position,
    set: (place) => set({ position: place }),
    shape: () => scene?.shape ?? [0, 0],
    onChange: draw,
  });
  const input = createPanel({
    title: "Input", caption: "Input", area, largest: LARGE_LARGEST, onPoint: pointInput,
  });
  const output = createPanel({
    title: "Output", caption: "Output", area, largest: LARGE_LARGEST, interactive: true,
    onPoint: pointOutput, onKey: pressed, describedBy: hintId,
  });

  function set(changes) {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    model.save_changes();
  }

  function position() {
    const [height, width] = scene?.shape ?? [0, 0];
    const [row, col] = model.get("position");
    return [Math.max(Math.min(row, height - 1), 0), Math.max(Math.min(col, width - 1), 0)];
  }

  function move(place) {
    const [row, col] = position();
    if (place[0] !== row || place[1] !== col) set({ position: place });
  }

  function pointed(place, type) {
    if (player.playing() && type !== "click") return;
    player.stop();
    move(place);
    if (type === "click") output.focus();
  }

  function pointInput(row, col, type) {
    if (scene.shape[0]) pointed(positionAround(row, col, scene.spans, scene.setting.stride, scene.shape), type);
  }

  function pointOutput(row, col, type) {
    pointed([row, col], type);
  }

  function pressed(event) {
    if (!scene.shape[0] || event.ctrlKey || event.metaKey || event.altKey) return;
    const place = movedBy(event.key, event.shiftKey, position(), scene.shape);
    if (!place) return;
    event.preventDefault();
    player.stop();
    move(place);
    output.focus();
  }

  /** A matrix is read from its corner; the corner of a photograph shows little. */
  function choose(name) {
    const { height, width } = model.get("_images")[name];
    const corner = Math.max(height, width) <= NUMBERS_UP_TO;
    set({ image: name, position: [0, 0] });
    const [rows, cols] = scene.shape;
    if (!corner && rows) set({ position: [Math.floor(rows / 2), Math.floor(cols / 2)] });
  }

  function image() {
    const [name, all] = [model.get("image"), model.get("_images")];
    const known = images.get(name);
    if (known?.source !== all[name]) images.set(name, { source: all[name], pixels: imageFromBytes(all[name]) });
    return images.get(name).pixels;
  }

  function draw() {
    scene = spec.scene();
    const place = position();
    const step = scene.output ? spec.step(scene, place) : null;
    const { label: shows } = model.get("_images")[model.get("image")];
    const numbers = Math.max(scene.image.height, scene.image.width) <= NUMBERS_UP_TO;
    const view = { scene, place, step, numbers, label: shows };
    const revealed = player.playing() ? place[0] * scene.shape[1] + place[1] + 1 : Infinity;
    drawInput(input, view);
    drawOutput(output, view, revealed);
    controls.forEach((control) => control.refresh());
    player.refresh();
    spec.draw(step, view);
    if (player.playing()) status.hush();
    else status.say(scene.error || [spec.announce?.() ?? "", step.words].join(" ").trim());
  }

  return {
    set,
    draw,
    image,
    complain(text) {
      parts.notes.classList.toggle("cnn-alarm", text !== "");
      setText(parts.notes, text);
      status.say(text);
    },
    slider: (name, min, max, format) =>
      slider({ name, min, max, format, get: () => model.get(name), set: (value) => set({ [name]: value }) }),
    strideSlider: () =>
      slider({
        name: "stride",
        min: 1,
        max: 4,
        get: () => model.get("stride"),
        set(stride) {
          // the window stays where it is in the image
          const place = position().map((at) => Math.round((at * model.get("stride")) / stride));
          set({ stride });
          set({ position: place });
          set({ position: position() });
        },
      }),
    imageChoice: () =>
      choice({
        name: "image",
        options: () => Object.entries(model.get("_images")).map(([name, { label }]) => [name, label]),
        get: () => model.get("image"),
        set: choose,
      }),
    setLines({ numbers, words, sizes, notes, tall = false }) {
      setText(parts.numbers, numbers);
      parts.numbers.classList.toggle("cnn-tall", tall);
      setText(parts.words, words);
      setText(parts.sizes, sizes);
      setText(parts.notes, notes);
      parts.notes.classList.remove("cnn-alarm");
    },
    mount(given) {
      spec = given;
      controls = given.controls.flat();
      const line = (row) => element("div", { class: "cnn-controls" }, ...row.map((control) => control.element));
      parts.controls.append(...given.controls.map(line));
      parts.stage.append(input.element, output.element, ...(given.extra ?? []));
      parts.equation.append(...given.equation);
      const texts = element("div", { class: "cnn-texts" }, parts.numbers, parts.words, parts.sizes, parts.notes);
      const root = element(
        "section",
        { class: "cnn-explorer", "aria-label": label },
        parts.controls, parts.stage, player.element, parts.equation, texts, parts.hint, status.element,
      );
      keepKeys(root);
      el.replaceChildren(root);
      stopFollowing = follow(model, given.names, draw);
    },
    remove() {
      player.stop();
      status.hush();
      stopFollowing();
    },
  };
}
