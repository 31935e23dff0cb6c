// Pure arithmetic of the network explorer: where a position looks, without a document.
// A layer is an entry of `_network.layers`; course_utils/widgets/network_places.py and
// LayerFacts.box say the same; a test compares the two.

/** First and last pixel of each position along an axis. */
function axisEnds(axis) {
  if (Array.isArray(axis[0])) return axis;
  const [start, jump, size, count] = axis;
  const first = Array.from({ length: count }, (_, i) => start + i * jump);
  return [first, first.map((pixel) => pixel + size - 1)];
}

/** Height and width of a layer's output; a vector has one position. */
export function outputSize({ output }) {
  return output.length === 4 ? output.slice(2) : [1, 1];
}

export function channelCount({ output }) {
  return output.length === 2 || output.length === 4 ? output[1] : 0;
}

/** The pixels that a position sees, padding included; null where that is not known. */
export function boxOf({ axes }, [row, col]) {
  if (!axes) return null;
  const [[tops, bottoms], [lefts, rights]] = axes.map(axisEnds);
  return {
    top: tops[row],
    left: lefts[col],
    height: bottoms[row] - tops[row] + 1,
    width: rights[col] - lefts[col] + 1,
  };
}

/** The part of a box inside the image; null where there is none. */
export function insideOf({ top, left, height, width }, [rows, cols]) {
  const [first, above] = [Math.max(top, 0), Math.max(left, 0)];
  const inside = { top: first, left: above, height: Math.min(top + height, rows) - first, width: Math.min(left + width, cols) - above };
  return inside.height > 0 && inside.width > 0 ? inside : null;
}

/** The first of the positions whose centres are nearest; `centre` is doubled. */
function nearest(axis, centre) {
  const [first, last] = axisEnds(axis);
  const far = first.map((pixel, i) => Math.abs(pixel + last[i] - centre));
  return far.indexOf(Math.min(...far));
}

/** The position whose receptive field lies around a pixel; null where that is not known. */
export function positionAt({ axes }, [row, col]) {
  return axes && [nearest(axes[0], 2 * row), nearest(axes[1], 2 * col)];
}

/** The position of another layer that lies at the same place of the image. */
export function movedTo(before, [row, col], after) {
  const [height, width] = outputSize(after);
  if (!before.axes || !after.axes) return [Math.floor(height / 2), Math.floor(width / 2)];
  const centre = (axis, i) => axisEnds(axis)[0][i] + axisEnds(axis)[1][i];
  return [nearest(after.axes[0], centre(before.axes[0], row)), nearest(after.axes[1], centre(before.axes[1], col))];
}

/** The maps of `_page`, decoded. */
export function readPage({ data, shape, ...page }) {
  if (!data) return { ...page, count: 0 };
  const [count, height, width] = shape;
  const { values } = imageFromBytes({ data, dtype: "uint8", height, width });
  const worth = (level) => (page.signed ? ((level - 127) / 127) * page.limit : (level / 255) * page.limit);
  return {
    ...page,
    count,
    height,
    width,
    palette: paletteOf(page),
    levels: (place) => values.subarray(place * height * width, (place + 1) * height * width),
    valueAt: (place, [down, across]) =>
      worth(values[(place * height + Math.floor(down * height)) * width + Math.floor(across * width)]),
  };
}
