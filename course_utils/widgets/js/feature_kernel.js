// The chosen kernel: fields to drag, step through or type in, and ways back.

const LARGEST_WEIGHT = 100; // as in Python
const PER_PIXEL = 0.01; // a hand's width is a strong change of a trained weight
const STEP = 0.05;
const STILL = 4; // pixels: below this, a press is a click

function hundredths(value) {
  return Math.round(value * 100) / 100;
}

/** Up and down change a field: by a drag with mouse, pen or finger, or by keys. */
function makeDraggable(box, fieldValue, change) {
  let drag = null;
  const fieldOf = (event) => event.target.closest?.("input[type=number]");

  box.addEventListener("mousedown", (event) => {
    const field = fieldOf(event);
    if (!field || event.button !== 0) return;
    event.preventDefault(); // a drag would select text
    field.focus();
    field.select();
  });
  box.addEventListener("pointerdown", (event) => {
    const field = fieldOf(event);
    if (field && event.button === 0) drag = { field, y: event.clientY, start: fieldValue(field), moving: false };
  });
  box.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const up = drag.y - event.clientY;
    if (!drag.moving && Math.abs(up) < STILL) return;
    if (!drag.moving) drag.field.setPointerCapture(event.pointerId);
    drag.moving = true;
    change(drag.field, hundredths(drag.start + up * PER_PIXEL));
  });
  for (const end of ["pointerup", "pointercancel"]) box.addEventListener(end, () => (drag = null));
  box.addEventListener("keydown", (event) => {
    const field = fieldOf(event);
    const by = { ArrowUp: STEP, ArrowDown: -STEP, PageUp: 10 * STEP, PageDown: -10 * STEP }[event.key];
    if (!field || !by || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    change(field, hundredths(fieldValue(field) + by * (event.shiftKey ? 10 : 1)));
  });
}

/**
 * get() → the kernel, or null where there is none; set(kernel); resetAll();
 * given() → the kernel as the network was given; complain(text or "").
 */
export function kernelPanel({ get, set, given, resetAll, complain }) {
  const hintId = uniqueId("cnn-hint");
  const title = element("p", { class: "cnn-title" });
  const which = element("p", { class: "cnn-which" });
  const hint = element("p", { class: "cnn-note", id: hintId }, "Drag a number up or down, press ↑ or ↓ (0.05; with Shift 0.5), or type.");
  const editor = kernelEditor({ get, set: checked, complain, area: 216, largest: 72 });
  const place = element("div", { class: "cnn-feature-kernel" }, editor.element);
  const buttons = element(
    "div",
    { class: "cnn-feature-buttons" },
    button("zero", "Set this kernel to 0", "Set to 0", () => set(get().map((row) => row.map(() => 0)))),
    button("reset", "Put this kernel back", "Put back", () => set(given())),
    button("reset_all", "Put all kernels back", "Put all back", resetAll),
  );
  editor.element.setAttribute("aria-describedby", hintId);

  function checked(kernel) {
    const large = kernel.flat().find((value) => Math.abs(value) > LARGEST_WEIGHT);
    if (large !== undefined) {
      return complain(`a kernel value is ${large}; type a number from −${LARGEST_WEIGHT} to ${LARGEST_WEIGHT}`);
    }
    set(kernel);
  }

  makeDraggable(
    editor.element,
    ({ dataset: { row, col } }) => get()[row][col],
    ({ dataset: { row, col } }, value) => {
      const kernel = get().map((line) => [...line]);
      kernel[row][col] = value;
      checked(kernel);
    },
  );

  return {
    element: element("div", { class: "cnn-panel" }, title, place, which, hint, buttons),
    refresh(titleText, whichText) {
      const exists = get() !== null;
      setText(title, titleText);
      setText(which, whichText);
      [place, hint, buttons].forEach((node) => (node.hidden = !exists));
      if (exists) editor.refresh();
    },
  };
}
