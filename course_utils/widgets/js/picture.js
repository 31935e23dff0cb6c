// An image or an output as pixels on a canvas, with a movable window frame over it.

// matplotlib's RdBu_r: blue below zero, red above, safe for colour-blind readers
const BLUE_TO_RED = [
  [5, 48, 97], [33, 102, 172], [67, 147, 195], [146, 197, 222], [209, 229, 240], [247, 247, 247],
  [253, 219, 199], [244, 165, 130], [214, 96, 77], [178, 24, 43], [103, 0, 31],
];

function divergingColour(t) {
  const place = Math.min(Math.max((t + 1) / 2, 0), 1) * (BLUE_TO_RED.length - 1);
  const left = Math.min(Math.floor(place), BLUE_TO_RED.length - 2);
  const share = place - left;
  return BLUE_TO_RED[left].map((from, i) => from + (BLUE_TO_RED[left + 1][i] - from) * share);
}

/** How values become colours, and the same in words. */
export function colourScale(values, floor = null, ceiling = null) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low && Number.isFinite(value)) low = value;
    if (value > high && Number.isFinite(value)) high = value;
  }
  if (low < 0) {
    const limit = Math.max(-low, high);
    const text = formatNumber(limit);
    return {
      colour: (value) => divergingColour(value / limit),
      text: `Values from ${formatNumber(low)} to ${formatNumber(high)}. Scale −${text} to ${text}: blue is negative, white is 0, red is positive.`,
    };
  }
  const [black, white] = [floor ?? Math.min(low, 0), ceiling ?? high];
  const range = white - black || 1;
  return {
    colour: (value) => Array(3).fill((255 * (value - black)) / range),
    text: `Values from ${formatNumber(low)} to ${formatNumber(high)}. Black is ${formatNumber(black)}, white is ${formatNumber(white)}.`,
  };
}

function pixelsOf({ values, height, width }, scale) {
  const canvas = element("canvas", { width, height });
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  values.forEach((value, i) => {
    const [red, green, blue] = scale.colour(value);
    picture.data.set([red, green, blue, 255], 4 * i);
  });
  context.putImageData(picture, 0, 0);
  return canvas;
}

function hatch(context, lines, vertical, step, length) {
  context.save();
  context.strokeStyle = "#ffbf00";
  context.lineWidth = 1;
  for (const index of lines) {
    for (let along = 0; along < length; along += 4) {
      const [x, y] = vertical ? [index * step, along] : [along, index * step];
      context.beginPath();
      context.moveTo(x, y + (vertical ? 4 : step));
      context.lineTo(x + (vertical ? step : 4), y);
      context.stroke();
    }
  }
  context.restore();
}

/** The frame is white around dark dashes, so that it shows on any picture. */
function strokeFrame(context, x, y, width, height, dashed) {
  context.setLineDash([]);
  context.lineWidth = 4;
  context.strokeStyle = "#ffffff";
  context.strokeRect(x, y, width, height);
  context.setLineDash(dashed ? [4, 2] : []);
  context.lineWidth = 2;
  context.strokeStyle = "#9a3412";
  context.strokeRect(x, y, width, height);
}

/**
 * show({field, scale, label, window, dashed, border, unvisited, revealed})
 *   window    {top, left, height, width} in pixels of the field
 *   border    padding in pixels: a thin line shows where the image begins
 *   unvisited {rows, cols} never touched: hatched;  revealed: how many values to draw
 */
export function createPicture({ area, interactive = false, onPoint }) {
  const canvas = element("canvas", interactive ? { tabindex: 0, role: "application" } : { role: "img" });
  const context = canvas.getContext("2d");
  const density = Math.max(window.devicePixelRatio || 1, 1);
  let source = null;
  let pixels = null;
  let size = [1, 1];

  function resize({ height, width }) {
    const step = area / Math.max(height, width);
    const [w, h] = [Math.round(width * step), Math.round(height * step)];
    if (canvas.style.width !== `${w}px` || canvas.style.height !== `${h}px`) {
      Object.assign(canvas.style, { width: `${w}px`, height: `${h}px` });
      [canvas.width, canvas.height] = [w * density, h * density];
    }
    return step;
  }

  function show({ field, scale, label, window, dashed, border = 0, unvisited, revealed = Infinity }) {
    const step = resize(field);
    if (source !== field) pixels = pixelsOf(field, scale);
    source = field;
    size = [field.height, field.width];
    context.setTransform(density, 0, 0, density, 0, 0);
    context.imageSmoothingEnabled = false;
    const [drawnWidth, drawnHeight] = [field.width * step, field.height * step];
    context.drawImage(pixels, 0, 0, drawnWidth, drawnHeight);
    hide(revealed, field, step);
    if (unvisited) {
      hatch(context, unvisited.rows, false, step, drawnWidth);
      hatch(context, unvisited.cols, true, step, drawnHeight);
    }
    if (border) {
      context.strokeStyle = "#808080";
      context.lineWidth = 1;
      context.strokeRect(border * step, border * step, drawnWidth - 2 * border * step, drawnHeight - 2 * border * step);
    }
    if (window) {
      strokeFrame(context, window.left * step - 1, window.top * step - 1, window.width * step + 2, window.height * step + 2, dashed);
    }
    setAttribute(canvas, "aria-label", label);
  }

  function hide(revealed, { height, width }, step) {
    if (revealed >= height * width) return;
    const [row, col] = [Math.floor(revealed / width), revealed % width];
    context.clearRect(col * step, row * step, (width - col) * step, step);
    context.clearRect(0, (row + 1) * step, width * step, (height - row - 1) * step);
  }

  function point(event) {
    const box = canvas.getBoundingClientRect();
    const at = (offset, length, count) => Math.min(Math.max(Math.floor((offset / length) * count), 0), count - 1);
    onPoint(at(event.clientY - box.top, box.height, size[0]), at(event.clientX - box.left, box.width, size[1]), event.type);
  }

  if (onPoint) onPointer(canvas, point);
  return {
    element: canvas,
    show,
    hasFocus: () => canvas.getRootNode().activeElement === canvas,
    focus: () => canvas.focus({ preventScroll: true }),
  };
}
