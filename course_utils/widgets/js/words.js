// The sentences of the explorers: numbers written out, British English.
// course_utils/widgets/words.py says the same; a test compares the two word for word.

const MOST_NAMED = 9; // numbers in a sentence

/** A true minus sign, at most so many decimals, no trailing zeros. */
export function formatNumber(value, decimals = 2) {
  if (value === -Infinity) return "−∞";
  let text = Math.abs(value).toFixed(decimals);
  if (decimals > 0) text = text.replace(/\.?0+$/, "");
  return value < 0 && text !== "0" ? `−${text}` : text;
}

/** A factor: negative numbers in brackets. */
export function formatFactor(value) {
  const text = formatNumber(value);
  return text.startsWith("−") ? `(${text})` : text;
}

function isRounded(value) {
  return Number.isFinite(value) && Math.abs(value * 100 - Math.round(value * 100)) > 1e-9;
}

/** "2·(−1) + 5·(−2) = −12"; ≈ where a written number is rounded. */
export function sumText(values, weights, sum) {
  const terms = values.map((v, i) => `${formatFactor(v)}·${formatFactor(weights[i])}`);
  const sign = [...values, ...weights, sum].some(isRounded) ? "≈" : "=";
  return `${terms.join(" + ")} ${sign} ${formatNumber(sum)}`;
}

/** "⌊(6 + 2·0 − 1·(3−1) − 1)/1⌋ + 1 = 4" */
export function convSizeText(size, kernelSize, stride, padding, dilation, output) {
  return `⌊(${size} + 2·${padding} − ${dilation}·(${kernelSize}−1) − 1)/${stride}⌋ + 1 = ${output}`;
}

/** "⌊(6 + 2·0 − 2)/2⌋ + 1 = 3" */
export function poolSizeText(size, kernelSize, stride, padding, output) {
  return `⌊(${size} + 2·${padding} − ${kernelSize})/${stride}⌋ + 1 = ${output}`;
}

export function listText(items) {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;
}

/** "row 5", "rows −1 to 1", "rows 0, 2 and 4": padding has negative indices. */
export function axisText(axis, indices) {
  const [first, last] = [indices[0], indices[indices.length - 1]];
  const written = indices.map((index) => formatNumber(index));
  if (indices.length === 1) return `${axis} ${written[0]}`;
  const gapless = last - first === indices.length - 1;
  if (gapless && indices.length > 2) return `${axis}s ${formatNumber(first)} to ${formatNumber(last)}`;
  if (indices.length <= 5) return `${axis}s ${listText(written)}`;
  return `${indices.length} ${axis}s from ${formatNumber(first)} to ${formatNumber(last)}`;
}

/** Which input pixels no window touches, and why; "" when all are visited. */
export function neverVisitedText(rows, cols, height, width) {
  if (rows.length === 0 && cols.length === 0) return "";
  const count = height * width - (height - rows.length) * (width - cols.length);
  const where = [];
  if (rows.length) where.push(axisText("row", rows));
  if (cols.length) where.push(axisText("column", cols));
  const trailing =
    rows.every((row, i) => row === height - rows.length + i) &&
    cols.every((col, i) => col === width - cols.length + i);
  const why = trailing
    ? "the next step would leave the input, and the size is rounded down"
    : "the stride or the dilation steps over them";
  return `Never visited: ${listText(where)} of the input (${count} of ${height * width} pixels); ${why}.`;
}

/** "; 8 of its 9 numbers are padding" for windows that reach over the edge. */
export function paddingText(rows, cols, height, width) {
  const inside = (indices, size) => indices.filter((index) => index >= 0 && index < size).length;
  const total = rows.length * cols.length;
  const outside = total - inside(rows, height) * inside(cols, width);
  if (outside === 0) return "";
  return `; ${outside} of its ${total} numbers ${outside === 1 ? "is" : "are"} padding`;
}

/** One step of a convolution in words. */
export function convStepText({ rows, cols, height, width, products, sum, position }) {
  const written = products.map((product) => formatNumber(product));
  const named = products.length <= MOST_NAMED ? ` ${listText(written)}` : "";
  const adds =
    products.length === 1
      ? `The only product is ${written[0]}`
      : `The ${products.length} products${named} add up to ${formatNumber(sum)}`;
  return (
    `The window covers ${axisText("row", rows)} and ${axisText("column", cols)}` +
    `${paddingText(rows, cols, height, width)}. ${adds}: output row ${position[0]}, column ${position[1]}.`
  );
}

/** One step of a pooling in words. */
export function poolStepText({ rows, cols, height, width, values, mode, result, position }) {
  const written = listText(values.map((value) => formatNumber(value)));
  const verb = mode === "max" ? "the largest is" : "the average is";
  let subject = `The numbers are ${written}`;
  if (values.length === 1) subject = `The only number is ${written}`;
  if (values.length > MOST_NAMED) subject = `Of ${values.length} numbers`;
  return (
    `The window covers ${axisText("row", rows)} and ${axisText("column", cols)}` +
    `${paddingText(rows, cols, height, width)}. ${subject}${values.length > MOST_NAMED ? "," : ";"} ${verb} ${formatNumber(result)}: ` +
    `output row ${position[0]}, column ${position[1]}.`
  );
}

/** "max(2, 5, 1, 3) = 5", "(2 + 5 + 1 + 3)/4 = 2.75" */
export function poolText(mode, values, result) {
  const written = values.map((value) => formatNumber(value));
  if (mode === "max") return `max(${written.join(", ")}) = ${formatNumber(result)}`;
  const sign = isRounded(result) || values.some(isRounded) ? "≈" : "=";
  const terms = written.map((text, i) => (i > 0 && text.startsWith("−") ? `(${text})` : text));
  return `(${terms.join(" + ")})/${values.length} ${sign} ${formatNumber(result)}`;
}

/** "The image is shifted by 1 pixel to the right; ..." */
export function shiftText(down, right) {
  if (down === 0 && right === 0) return "The image is not shifted.";
  const pixels = (n) => `${Math.abs(n)} pixel${Math.abs(n) === 1 ? "" : "s"}`;
  const moves = [];
  if (right) moves.push(`${pixels(right)} to the ${right > 0 ? "right" : "left"}`);
  if (down) moves.push(`${pixels(down)} ${down > 0 ? "down" : "up"}`);
  return `The image is shifted by ${moves.join(" and ")}; the old border is repeated where new pixels enter.`;
}

/** "5 of 9 values changed." */
export function changedText(count, total) {
  return `${count} of ${total} ${total === 1 ? "value" : "values"} changed.`;
}
