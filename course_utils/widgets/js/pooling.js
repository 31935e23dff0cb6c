// The pooling explorer: the view of one PoolingExplorer of Python.

const POOLING_STATE = ["mode", "kernel_size", "stride", "padding", "shift", "image", "position", "_images"];
const POOL_AREA = 208;

/** Everything that does not depend on the position of the window. */
export function poolingScene(image, setting) {
  const [down, right] = setting.shift;
  const shifted = shiftImage(image, down, right);
  const scene = { image, setting, padded: shifted, border: 0, shape: [0, 0], error: "", pooled: true };
  try {
    scene.output = pool(shifted, setting);
  } catch (error) {
    return { ...scene, error: error.message };
  }
  const { kernel_size, stride, padding, mode } = setting;
  const { output } = scene;
  scene.padded = padImage(shifted, padding, "zeros", poolFill(mode));
  scene.border = padding;
  scene.shape = [output.height, output.width];
  scene.spans = [kernel_size, kernel_size];
  scene.unvisited = {
    rows: neverVisited(scene.padded.height, output.height, kernel_size, stride, 1),
    cols: neverVisited(scene.padded.width, output.width, kernel_size, stride, 1),
  };
  scene.before = pool(image, setting);
  scene.changed = changedMask(output, scene.before);
  return scene;
}

/** The window at one position: its rows and columns, its values and the result. */
export function poolingStep(scene, [row, col]) {
  const { setting, padded, border, image, output } = scene;
  const rows = windowIndices(row, setting.kernel_size, setting.stride, 1);
  const cols = windowIndices(col, setting.kernel_size, setting.stride, 1);
  const values = windowValues(padded, rows, cols);
  const result = output.values[row * output.width + col];
  const words = poolStepText({
    rows: rows.map((r) => r - border),
    cols: cols.map((c) => c - border),
    height: image.height,
    width: image.width,
    values,
    mode: setting.mode,
    result,
    position: [row, col],
  });
  return { rows, cols, values, result, words };
}

export function poolingSizes({ image, setting, output }) {
  const { kernel_size, stride, padding } = setting;
  const height = poolSizeText(image.height, kernel_size, stride, padding, output.height);
  const width = poolSizeText(image.width, kernel_size, stride, padding, output.width);
  if (height === width) return `Output height and width: ${height}`;
  return `Output height: ${height}; width: ${width}`;
}

function shiftSlider(desk, model, name, axis, [back, forth]) {
  return slider({
    name,
    min: -2,
    max: 2,
    wide: true,
    format: (n) => (n === 0 ? "none" : `${Math.abs(n)} ${n > 0 ? forth : back}`),
    get: () => model.get("shift")[axis],
    set: (n) => desk.set({ shift: model.get("shift").map((old, i) => (i === axis ? n : old)) }),
  });
}

/** Which values of a window decide the result: the first largest of a maximum. */
function decidingMarks(step, mode) {
  const best = mode === "max" ? step.values.indexOf(step.result) : -1;
  return step.values.map((_, i) => (i === best ? "cnn-best" : ""));
}

function renderPooling({ model, el }) {
  const desk = createDesk({ model, el, label: "Pooling explorer", area: POOL_AREA });
  const window_ = smallGrid("Window", "Input values under the window");
  const result = element("output", { class: "cnn-sum" });
  const resultTitle = element("p", { class: "cnn-title" });
  const before = createPanel({ title: "Output without the shift", caption: "Output without the shift", area: POOL_AREA, largest: LARGE_LARGEST });
  const change = element("p", { class: "cnn-change" });
  let scene = { error: "", shape: [0, 0] };

  function readScene() {
    const image = desk.image();
    const setting = Object.fromEntries(["mode", "kernel_size", "stride", "padding", "shift"].map((n) => [n, model.get(n)]));
    if (scene.image !== image || JSON.stringify(scene.setting) !== JSON.stringify(setting)) {
      scene = poolingScene(image, setting);
      markChanges(scene);
    }
    return scene;
  }

  function drawStep(step) {
    const size = scene.setting.kernel_size;
    window_.show({
      height: size,
      width: size,
      values: step ? step.values : Array(size * size).fill(null),
      marks: step ? decidingMarks(step, scene.setting.mode) : null,
    });
    setText(resultTitle, scene.setting.mode === "max" ? "Largest" : "Average");
    setText(result, step ? formatNumber(step.result) : "–");
  }

  desk.mount({
    controls: [
      [
        desk.imageChoice(),
        choice({
          name: "mode",
          options: () => [["max", "max"], ["average", "average"]],
          get: () => model.get("mode"),
          set: (mode) => desk.set({ mode }),
        }),
        shiftSlider(desk, model, "horizontal shift", 1, ["left", "right"]),
        shiftSlider(desk, model, "vertical shift", 0, ["up", "down"]),
      ],
      [desk.slider("kernel_size", 1, 5), desk.strideSlider(), desk.slider("padding", 0, 2)],
    ],
    extra: [before.element],
    equation: [
      window_.element,
      symbol("→"),
      element("div", { class: "cnn-panel cnn-result" }, resultTitle, result),
      change,
    ],
    names: POOLING_STATE,
    scene: readScene,
    step: poolingStep,
    draw(step, { place, numbers }) {
      drawStep(step);
      drawBefore(before, scene, place, numbers);
      const count = scene.changed?.filter(Boolean).length ?? 0;
      const total = scene.changed?.length ?? 0;
      setText(change, total ? `${shiftText(...scene.setting.shift)} ${changedText(count, total)}` : "");
      desk.setLines({
        numbers: step ? poolText(scene.setting.mode, step.values, step.result) : "",
        words: step ? step.words : "",
        sizes: scene.output ? poolingSizes(scene) : "",
        notes: scene.output ? unvisitedOf(scene) : "",
        tall: scene.setting.kernel_size > 3,
      });
    },
    announce: () => change.textContent,
  });
  return desk.remove;
}

/** Marks for the panels: what entered with the shift, what changed in the output. */
function markChanges(scene) {
  const [down, right] = scene.setting.shift;
  const entered = (index, size, by) => (by > 0 ? index < by : index >= size + by);
  const { image, border, padded } = scene;
  scene.extraMarks = Array.from(padded.values, (_, i) => {
    const [row, col] = [Math.floor(i / padded.width) - border, (i % padded.width) - border];
    if (row < 0 || col < 0 || row >= image.height || col >= image.width) return "";
    return entered(row, image.height, down) || entered(col, image.width, right) ? "cnn-entered" : "";
  });
  if (down || right) scene.inputNote = "double line: entered with the shift";
  if (!scene.output) return;
  scene.outputMarks = scene.changed.map((changed) => (changed ? "cnn-changed" : ""));
  scene.outputNotes = ["≠: changed by the shift"];
}

function drawBefore(panel, scene, place, numbers) {
  panel.setNote("");
  if (!scene.output) return panel.showInstead();
  const { before } = scene;
  if (numbers) {
    panel.setNote("for comparison");
    return panel.showGrid({
      height: before.height,
      width: before.width,
      values: Array.from(before.values),
    });
  }
  scene.beforeScale ??= colourScale(before.values, ...greyLevels(scene.image));
  panel.setNote("for comparison");
  panel.showPicture({
    field: before,
    scale: scene.beforeScale,
    label: `Output without the shift. ${scene.beforeScale.text}`,
    window: { top: place[0], left: place[1], height: 1, width: 1 },
    dashed: false,
  });
}
