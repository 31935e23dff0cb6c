// The kernel as a grid of number fields, with presets and sizes.

const MOST_TAPS = 5;

/** The kernel cut or filled with zeros to another size, kept in the middle. */
export function resizeKernel(kernel, height, width) {
  const down = Math.floor((height - kernel.length) / 2);
  const right = Math.floor((width - kernel[0].length) / 2);
  return Array.from({ length: height }, (_, row) =>
    Array.from({ length: width }, (_, col) => kernel[row - down]?.[col - right] ?? 0),
  );
}

/** The name of the preset that equals this kernel, or "custom". */
export function presetName(kernel, presets) {
  const same = (other) =>
    other.length === kernel.length &&
    other.every((line, i) => line.length === kernel[i].length && line.every((v, j) => Math.abs(v - kernel[i][j]) < 1e-9));
  return Object.keys(presets).find((name) => same(presets[name])) ?? "custom";
}

function presetLabel(name) {
  const words = name.replaceAll("_", " ");
  return words[0].toUpperCase() + words.slice(1);
}

export function presetChoice(model, setKernel) {
  return choice({
    name: "preset",
    label: "kernel",
    options: () => {
      const presets = Object.keys(model.get("_presets")).map((name) => [name, presetLabel(name)]);
      return [...presets, ["custom", "Your own"]];
    },
    get: () => presetName(model.get("kernel"), model.get("_presets")),
    set: (name) => name in model.get("_presets") && setKernel(model.get("_presets")[name]),
  });
}

export function kernelSizeChoice(model, setKernel) {
  const sizeOf = (kernel) => `${kernel.length}×${kernel[0].length}`;
  return choice({
    name: "kernel_size",
    options: () => {
      const sizes = Array.from({ length: MOST_TAPS }, (_, i) => `${i + 1}×${i + 1}`);
      const own = sizeOf(model.get("kernel"));
      return [...sizes, ...(sizes.includes(own) ? [] : [own])].map((size) => [size, size]);
    },
    get: () => sizeOf(model.get("kernel")),
    set: (size) => setKernel(resizeKernel(model.get("kernel"), ...size.split("×").map(Number))),
  });
}

/** What the fields show: enough digits to read, not the whole of 1/9. */
function fieldTexts(kernel, cellSize) {
  const { texts, size } = fittingTexts(kernel.flat(), cellSize, 4);
  return { texts: texts.map((text) => text.replace("−", "-")), size };
}

/** Number fields for every tap; `complain` gets a sentence or "". */
export function kernelEditor({ get, set, complain, area, largest }) {
  const box = element("div", { class: "cnn-kernel", role: "group", "aria-label": "Kernel" });
  let shape = "";
  let fields = [];

  function typed(event) {
    const { row, col } = event.target.dataset;
    const value = event.target.valueAsNumber;
    const bad = !Number.isFinite(value);
    event.target.toggleAttribute("aria-invalid", bad);
    if (bad) return complain(`kernel row ${row}, column ${col} is not a number; type one such as −1 or 0.5`);
    complain("");
    set(get().map((line, r) => line.map((old, c) => (r === Number(row) && c === Number(col) ? value : old))));
  }

  function left(event) {
    event.target.removeAttribute("aria-invalid");
    complain("");
    refresh(true);
  }

  function build(height, width) {
    const size = Math.floor(Math.min(largest, area / Math.max(height, width)));
    box.style.setProperty("--cell", `${size}px`);
    box.style.gridTemplateColumns = `repeat(${width}, ${size}px)`;
    fields = [];
    for (let row = 0; row < height; row++) {
      for (let col = 0; col < width; col++) {
        const label = `kernel row ${row}, column ${col}`;
        const field = element("input", { type: "number", step: "any", "aria-label": label, "data-row": row, "data-col": col });
        field.addEventListener("input", typed);
        field.addEventListener("blur", left);
        fields.push(field);
      }
    }
    box.replaceChildren(...fields);
  }

  function refresh(force = false) {
    const kernel = get();
    const next = `${kernel.length}x${kernel[0].length}`;
    if (next !== shape) build(kernel.length, kernel[0].length);
    shape = next;
    const { texts, size } = fieldTexts(kernel, parseFloat(box.style.getPropertyValue("--cell")));
    box.style.setProperty("--digits", `${size.toFixed(1)}px`);
    fields.forEach((field, i) => {
      // rewriting a field under the reader's cursor would swallow "1." or "-0"
      const typing = field === field.getRootNode().activeElement && !force;
      const same = field.valueAsNumber === kernel.flat()[i];
      if (field.value !== texts[i] && !(typing && same)) field.value = texts[i];
    });
  }

  return { element: box, refresh };
}
