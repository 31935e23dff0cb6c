// How the input and the output of a scene are drawn in their panels.

function inputMarks({ padded, border, image, unvisited, extraMarks }, step) {
  const lost = { rows: new Set(unvisited?.rows), cols: new Set(unvisited?.cols) };
  const taps = { rows: new Set(step?.rows), cols: new Set(step?.cols) };
  const outside = (index, size) => index < border || index >= border + size;
  return Array.from(padded.values, (_, i) => {
    const [row, col] = [Math.floor(i / padded.width), i % padded.width];
    const marks = [];
    if (outside(row, image.height) || outside(col, image.width)) marks.push("cnn-pad");
    if (lost.rows.has(row) || lost.cols.has(col)) marks.push("cnn-unvisited");
    if (taps.rows.has(row) && taps.cols.has(col)) marks.push(isDilated(step) ? "cnn-tap cnn-dilated" : "cnn-tap");
    if (extraMarks?.[i]) marks.push(extraMarks[i]);
    return marks.join(" ");
  });
}

/** With dilation the window has gaps: its taps need a mark of their own. */
function isDilated(step) {
  const gap = (indices) => indices.length > 1 && indices[1] - indices[0] > 1;
  return Boolean(step) && (gap(step.rows) || gap(step.cols));
}

/** What the marks mean, in the order of appearance; "" when there are none. */
function legend({ border, unvisited, inputNote }, step) {
  const entries = step ? ["dashed: window"] : [];
  if (border) entries.push("dotted: padding");
  if (unvisited && unvisited.rows.length + unvisited.cols.length) entries.push("hatched: never visited");
  if (isDilated(step)) entries.push("framed: kernel taps");
  if (inputNote) entries.push(inputNote);
  return entries.join(" · ");
}

function windowFrame({ spans }, step) {
  if (!step) return null;
  return { top: step.rows[0], left: step.cols[0], height: spans[0], width: spans[1] };
}

/** Black and white of a photograph; of other images the values decide. */
function greyLevels({ values }) {
  return values instanceof Uint8Array ? [0, 255] : [null, null];
}

function sizeOf({ height, width }) {
  return `${height} × ${width}`;
}

function drawInput(panel, { scene, step, label, numbers }) {
  const { padded, border, unvisited } = scene;
  const frame = windowFrame(scene, step);
  panel.setTitle(border ? `Input with padding, ${sizeOf(padded)}` : `Input, ${sizeOf(padded)}`);
  if (numbers) {
    panel.setNote(legend(scene, step));
    return panel.showGrid({
      height: padded.height,
      width: padded.width,
      values: Array.from(padded.values),
      marks: inputMarks(scene, step),
      origin: [-border, -border],
      window: frame,
    });
  }
  scene.inputScale ??= colourScale(padded.values, ...greyLevels(scene.image));
  panel.setNote(unvisited && unvisited.rows.length + unvisited.cols.length ? `${scene.inputScale.text} Hatched: never visited.` : scene.inputScale.text);
  panel.showPicture({
    field: padded,
    scale: scene.inputScale,
    label: `Input: ${label}. ${scene.inputScale.text}`,
    window: frame,
    dashed: true,
    border,
    unvisited,
  });
}

/** The sentence of Python's ValueError, in the place of the output it prevents. */
function message(text) {
  return element("p", { class: "cnn-error" }, text);
}

function drawOutput(panel, { scene, place, numbers }, revealed) {
  const { output } = scene;
  panel.setTitle(output ? `Output, ${sizeOf(output)}` : "Output");
  if (!output) {
    panel.setNote("");
    return panel.showInstead(message(scene.error));
  }
  if (numbers) {
    const decimals = panel.showGrid({
      height: output.height,
      width: output.width,
      values: Array.from(output.values, (value, i) => (i < revealed ? value : null)),
      tints: scene.pooled ? null : signedTints(output.values).map((tint, i) => (i < revealed ? tint : 0)),
      marks: scene.outputMarks,
      active: place,
    });
    const rounded = decimals < 2 ? ["rounded to fit"] : [];
    return panel.setNote(["thick frame: value of this window", ...(scene.outputNotes ?? []), ...rounded].join(" · "));
  }
  scene.outputScale ??= colourScale(output.values, ...(scene.pooled ? greyLevels(scene.image) : []));
  panel.setNote(scene.outputScale.text);
  panel.showPicture({
    field: output,
    scale: scene.outputScale,
    label: `Output, ${sizeOf(output)} values; arrow keys move the window. Now at row ${place[0]}, column ${place[1]}. ${scene.outputScale.text}`,
    window: { top: place[0], left: place[1], height: 1, width: 1 },
    dashed: false,
    revealed,
  });
}

/** Never-visited rows and columns of the image itself, without the padding. */
export function unvisitedOf({ unvisited, border, image }) {
  const inside = (indices, size) => indices.map((i) => i - border).filter((i) => i >= 0 && i < size);
  return neverVisitedText(inside(unvisited.rows, image.height), inside(unvisited.cols, image.width), image.height, image.width);
}
