// Small helpers around the document: elements, labelled controls, keys.

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** Writing only what differs keeps screen readers quiet and layout cheap. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

// Two modules may live in one page, so a counter would give the same id twice.
export function uniqueId(prefix) {
  return `${prefix}-${Math.random().toString(36).slice(2, 10)}`;
}

/** Keep Jupyter's one-letter and arrow shortcuts out; Escape and Ctrl combinations pass. */
export function keepKeys(node) {
  const keep = (event) => {
    if (event.key !== "Escape" && !event.ctrlKey && !event.metaKey) event.stopPropagation();
  };
  node.addEventListener("keydown", keep);
}

/** A slider with PyTorch's name and its value beside it; follows `get`. */
export function slider({ name, label = name, min, max, get, set, format = String, wide = false }) {
  const input = element("input", { type: "range", min, max, step: 1, "data-control": name });
  const shown = element("span", { class: wide ? "cnn-value cnn-wide" : "cnn-value", "aria-hidden": "true" });
  input.addEventListener("input", () => set(input.valueAsNumber));
  return {
    element: element(
      "div",
      { class: "cnn-control" },
      element("label", {}, element("span", { class: "cnn-name" }, label), input),
      shown,
    ),
    refresh() {
      const value = get();
      input.max = Math.max(max, value);
      if (input.valueAsNumber !== value) input.value = value;
      setAttribute(input, "aria-valuetext", format(value));
      setText(shown, format(value));
    },
  };
}

/** A slider whose end, `last()`, may change. */
export function following({ last, ...options }) {
  const control = slider({ min: 0, max: last(), ...options });
  const input = control.element.querySelector("input");
  return {
    element: control.element,
    refresh() {
      control.refresh();
      // the shared slider keeps the end it was made with
      input.max = last();
      input.value = options.get();
      input.disabled = last() === 0;
    },
  };
}

/** A drop-down list; `options` gives [value, label] pairs. */
export function choice({ name, label = name, options, get, set }) {
  const select = element("select", { "data-control": name });
  select.addEventListener("change", () => set(select.value));
  let drawn = "";
  return {
    element: element(
      "div",
      { class: "cnn-control" },
      element("label", {}, element("span", { class: "cnn-name" }, label), select),
    ),
    refresh() {
      const pairs = options();
      const key = JSON.stringify(pairs);
      if (key !== drawn) {
        select.replaceChildren(...pairs.map(([value, text]) => element("option", { value }, text)));
        drawn = key;
      }
      select.value = get();
    },
  };
}

export function button(name, label, text, onclick) {
  return element("button", { type: "button", "data-control": name, "aria-label": label, onclick }, text);
}

/** A polite live region that waits until the reader has stopped moving. */
export function announcer(delay = 350) {
  const node = element("p", { class: "cnn-hidden", role: "status", "aria-live": "polite" });
  let timer = 0;
  return {
    element: node,
    say(text) {
      clearTimeout(timer);
      timer = setTimeout(() => setText(node, text), delay);
    },
    hush() {
      clearTimeout(timer);
    },
  };
}

/**
 * Call `point` when the pointer moves over or clicks `node`. Browsers also report a
 * "move" when the page changes or scrolls under a resting pointer: those are ignored,
 * or they would undo what the keyboard has just done.
 */
export function onPointer(node, point) {
  let last = "";
  node.classList.add("cnn-pointable");
  node.addEventListener("click", point);
  node.addEventListener("pointermove", (event) => {
    const place = `${event.screenX},${event.screenY}`;
    if (place !== last) point(event);
    last = place;
  });
}

export function reducedMotion() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Bytes arrive from Python as a DataView, in pages without a kernel as an ArrayBuffer. */
export function imageFromBytes({ data, dtype, height, width }) {
  const bytes = ArrayBuffer.isView(data)
    ? data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength)
    : data;
  const values = dtype === "uint8" ? new Uint8Array(bytes) : new Float32Array(bytes);
  return { values, height, width };
}
