// The sentences of the feature-map explorer.
// course_utils/widgets/features_words.py says the same; a test compares the two.

const MOST_CHANNELS_NAMED = 3;

/** Two decimals always, a true minus sign: numbers of a column stand in line. */
export function fixedNumber(value) {
  const text = Math.abs(value).toFixed(2);
  return value < 0 && text !== "0.00" ? `−${text}` : text;
}

export function firstLargest(values) {
  return values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
}

function lowest(values) {
  return values.reduce((least, value) => Math.min(least, value), Infinity);
}

/** What one feature map holds. */
export function mapText(label, channel, { values, height, width }) {
  const above = values.reduce((count, value) => count + (value > 0 ? 1 : 0), 0);
  const percent = Math.floor((100 * above) / values.length + 0.5);
  return (
    `Channel ${channel} of ${label}: ${height} × ${width} values from ${formatNumber(lowest(values))} ` +
    `to ${formatNumber(largest(values))}, ${percent} % of them above 0.`
  );
}

/** What the network says, and whether it is right. */
export function predictionText(probabilities, label, names) {
  const best = firstLargest(probabilities);
  const says = `Prediction: ${names[best]}, probability ${fixedNumber(probabilities[best])}`;
  if (best === label) return `${says}. That is right.`;
  return `${says}. That is wrong: the true class is ${names[label]}, probability ${fixedNumber(probabilities[label])}.`;
}

/** Which channels have a changed kernel, and what became of the prediction. */
export function changeText(edits, before, now, names) {
  if (edits.length === 0) return "No kernel is changed: this is the network as it was given.";
  let channels = [...new Set(edits.map(({ layer, out_channel }) => `channel ${out_channel} of ${layer}`))];
  if (channels.length > MOST_CHANNELS_NAMED) channels = [`${channels.length} channels`];
  const subject = listText(channels);
  return `${subject[0].toUpperCase()}${subject.slice(1)} changed; prediction ${moveText(before, now, names)}.`;
}

function moveText(before, now, names) {
  const [old, best] = [firstLargest(before), firstLargest(now)];
  if (old === best) return `still ${names[best]}, ${fixedNumber(before[old])} → ${fixedNumber(now[best])}`;
  return `${names[old]} ${fixedNumber(before[old])} → ${names[best]} ${fixedNumber(now[best])}`;
}

/** How many maps of each layer differ: counts has [label, changed, total]. */
export function spreadText(counts) {
  const groups = [];
  for (const [label, count, total] of counts) {
    const last = groups[groups.length - 1];
    if (last?.count === count && last.total === total) last.labels.push(label);
    else groups.push({ count, total, labels: [label] });
  }
  const parts = groups.map(({ count, total, labels }) => `${count} of ${total} in ${listText(labels)}`);
  return `Changed maps: ${parts.join("; ")}.`;
}
