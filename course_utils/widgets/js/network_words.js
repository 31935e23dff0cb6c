// The sentences of the network explorer.
// course_utils/widgets/network_words.py says the same; a test compares the two.

export function layerText(place, count, { name, shapes }) {
  const given = shapes.slice(0, -1).join(" and ");
  return `Layer ${place + 1} of ${count}, ${name}: ${given} → ${shapes[shapes.length - 1]}.`;
}

function rangeOf(noun, first, count) {
  return count === 1 ? `${noun} ${first}` : `${noun}s ${first} to ${first + count - 1}`;
}

/** Which pixels of the image one output sees; position is null for a vector. */
export function fieldText(position, box, [rows, cols]) {
  const subject = position ? `Output row ${position[0]}, column ${position[1]}` : "Each value";
  const field = `${box.height} × ${box.width} pixels`;
  const inside = insideOf(box, [rows, cols]);
  if (!inside) return `${subject} sees nothing of the image: its ${field} are all padding.`;
  const whole = inside.height === rows && inside.width === cols;
  const part = `${rangeOf("row", inside.top, inside.height)} and ${rangeOf("column", inside.left, inside.width)} of the image`;
  const text = `${subject} sees ${whole ? "the whole image" : part}; receptive field ${field}`;
  const over = [
    [-box.top, "row", "above"],
    [box.top + box.height - rows, "row", "below"],
    [-box.left, "column", "on the left"],
    [box.left + box.width - cols, "column", "on the right"],
  ].filter(([count]) => count > 0);
  if (over.length === 0) return `${text}.`;
  const beyond = over.map(([count, noun, where]) => `${count} ${noun}${count === 1 ? "" : "s"} ${where}`);
  return `${text}, cut off at the edge: ${listText(beyond)} are padding.`;
}

export function unknownText(operation) {
  return `The receptive field is not known from here on: ${operation} cannot be followed.`;
}

/** A value with as many decimals as the layer's largest magnitude deserves. */
export function roundedValue(value, limit) {
  const found = [100, 10, 1, 0.1].findIndex((least) => limit >= least);
  const text = Math.abs(value).toFixed(found < 0 ? 4 : found);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** Which channel is shown enlarged; `here` is null for a vector. */
export function channelText({ channels, ranges, limit, classes }, place, { rank, count, byStrength, here }) {
  const strength = byStrength ? `, number ${rank + 1} in strength` : "";
  const named = classes[place] ? ` (${classes[place]})` : "";
  const text = `Channel ${channels[place]} of ${count}${named}${strength}: `;
  if (here === null) return `${text}${ranges[place]}.`;
  return `${text}values ${ranges[place]}, about ${roundedValue(here, limit)} at this position.`;
}
