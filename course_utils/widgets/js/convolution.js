// The convolution explorer: the view of one ConvolutionExplorer of Python.

const CONVOLUTION_STATE = ["kernel", "stride", "padding", "padding_mode", "dilation", "image", "position", "_images"];
const PADDING_MODES = ["zeros", "reflect", "replicate", "circular"];

/** Everything that does not depend on the position of the window. */
export function convolutionScene(image, kernel, setting) {
  const scene = { image, kernel, setting, padded: image, border: 0, shape: [0, 0], error: "" };
  try {
    requirePaddingFits(image.height, image.width, setting.padding, setting.padding_mode);
    scene.padded = padImage(image, setting.padding, setting.padding_mode);
    scene.border = setting.padding;
    scene.output = convolve(image, kernel, setting);
  } catch (error) {
    return { ...scene, error: error.message };
  }
  const { stride, dilation } = setting;
  const { padded, output } = scene;
  scene.shape = [output.height, output.width];
  scene.spans = [kernel.length, kernel[0].length].map((taps) => dilation * (taps - 1) + 1);
  scene.unvisited = {
    rows: neverVisited(padded.height, output.height, kernel.length, stride, dilation),
    cols: neverVisited(padded.width, output.width, kernel[0].length, stride, dilation),
  };
  return scene;
}

/** The window at one position: its rows and columns, products and their sum. */
export function convolutionStep(scene, [row, col]) {
  const { kernel, setting, padded, border, image, output } = scene;
  const rows = windowIndices(row, kernel.length, setting.stride, setting.dilation);
  const cols = windowIndices(col, kernel[0].length, setting.stride, setting.dilation);
  const values = windowValues(padded, rows, cols);
  const weights = kernel.flat();
  const products = values.map((value, i) => value * weights[i]);
  const sum = output.values[row * output.width + col];
  const words = convStepText({
    rows: rows.map((r) => r - border),
    cols: cols.map((c) => c - border),
    height: image.height,
    width: image.width,
    products,
    sum,
    position: [row, col],
  });
  return { rows, cols, values, weights, products, sum, words };
}

export function convolutionSizes({ image, kernel, setting, output }) {
  const { stride, padding, dilation } = setting;
  const height = convSizeText(image.height, kernel.length, stride, padding, dilation, output.height);
  const width = convSizeText(image.width, kernel[0].length, stride, padding, dilation, output.width);
  if (height === width) return `Output height and width: ${height}`;
  return `Output height: ${height}; width: ${width}`;
}

function renderConvolution({ model, el }) {
  const desk = createDesk({ model, el, label: "Convolution explorer" });
  const window_ = smallGrid("Window", "Input values under the window");
  const products = smallGrid("Products", "Window values times kernel values");
  const editor = kernelEditor({
    get: () => model.get("kernel"),
    set: (kernel) => desk.set({ kernel }),
    complain: (text) => (text ? desk.complain(text) : desk.draw()),
    area: SMALL_AREA,
    largest: SMALL_LARGEST,
  });
  const sum = element("output", { class: "cnn-sum" });
  const setKernel = (kernel) => desk.set({ kernel });
  const controls = [
    [
      desk.imageChoice(),
      presetChoice(model, setKernel),
      kernelSizeChoice(model, setKernel),
      choice({
        name: "padding_mode",
        options: () => PADDING_MODES.map((mode) => [mode, mode]),
        get: () => model.get("padding_mode"),
        set: (padding_mode) => desk.set({ padding_mode }),
      }),
    ],
    [desk.strideSlider(), desk.slider("padding", 0, 4), desk.slider("dilation", 1, 3)],
  ];
  let scene = { error: "", shape: [0, 0] };

  function readScene() {
    const [image, kernel] = [desk.image(), model.get("kernel")];
    const setting = Object.fromEntries(["stride", "padding", "padding_mode", "dilation"].map((n) => [n, model.get(n)]));
    const same = scene.image === image && scene.kernel === kernel;
    if (!same || JSON.stringify(scene.setting) !== JSON.stringify(setting)) {
      scene = convolutionScene(image, kernel, setting);
    }
    return scene;
  }

  function drawStep(step) {
    const [height, width] = [scene.kernel.length, scene.kernel[0].length];
    const blank = Array(height * width).fill(null);
    window_.show({ height, width, values: step ? step.values : blank });
    products.show({
      height,
      width,
      values: step ? step.products : blank,
      tints: step ? signedTints(step.products) : null,
    });
    setText(sum, step ? formatNumber(step.sum) : "–");
  }

  desk.mount({
    controls,
    equation: [
      window_.element,
      symbol("×"),
      element("div", { class: "cnn-panel cnn-small" }, element("p", { class: "cnn-title" }, "Kernel (edit it)"), framed(editor.element)),
      symbol("="),
      products.element,
      element(
        "div",
        { class: "cnn-together" },
        symbol("→"),
        element("div", { class: "cnn-panel cnn-result" }, element("p", { class: "cnn-title" }, "Sum"), sum),
      ),
    ],
    names: CONVOLUTION_STATE,
    scene: readScene,
    step: convolutionStep,
    draw(step) {
      editor.refresh();
      drawStep(step);
      desk.setLines({
        numbers: step ? sumText(step.values, step.weights, step.sum) : "",
        words: step ? step.words : "",
        sizes: scene.output ? convolutionSizes(scene) : "",
        notes: scene.output ? unvisitedOf(scene) : "",
        tall: scene.kernel.length * scene.kernel[0].length > 9,
      });
    },
  });
  return desk.remove;
}
