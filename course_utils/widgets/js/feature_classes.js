// Logits and probabilities of the classes: a table with a bar in each row.

export function classesTable(names) {
  const rows = names.map((name) => classRow(name));
  const head = ["class", "logit", "probability", "before"].map((text) => element("th", { scope: "col" }, text));
  const table = element(
    "table",
    { class: "cnn-classes" },
    element("caption", { class: "cnn-hidden" }, "Logit and probability of each class; before: the network as it was given"),
    element("thead", {}, element("tr", {}, ...head)),
    element("tbody", {}, ...rows.map(({ element: node }) => node)),
  );

  return {
    element: table,
    show({ now, before, label }) {
      const best = firstLargest(now.probabilities);
      rows.forEach((row, i) =>
        row.show({
          logit: now.logits[i],
          probability: now.probabilities[i],
          was: before.probabilities[i],
          predicted: i === best,
          right: i === label,
        }),
      );
    },
  };
}

function classRow(name) {
  const predicted = element("span", { class: "cnn-predicted" }, "▸", element("span", { class: "cnn-hidden" }, "prediction "));
  const right = element("span", { class: "cnn-true" }, "✓ true");
  const [logit, number, was] = [element("td"), element("span", { class: "cnn-number" }), element("td")];
  const bar = element("span", { class: "cnn-bar", "aria-hidden": "true" });
  const track = element("span", { class: "cnn-track", "aria-hidden": "true" }, bar);
  const row = element(
    "tr",
    {},
    element("th", { scope: "row" }, predicted, element("span", { class: "cnn-class" }, name), right),
    logit,
    element("td", {}, track, number),
    was,
  );
  return {
    element: row,
    show(values) {
      setText(logit, fixedNumber(values.logit));
      setText(number, fixedNumber(values.probability));
      setText(was, fixedNumber(values.was));
      track.style.setProperty("--share", `${(100 * values.probability).toFixed(1)}%`);
      track.style.setProperty("--was", `${(100 * values.was).toFixed(1)}%`);
      row.classList.toggle("cnn-best-class", values.predicted);
      predicted.classList.toggle("cnn-away", !values.predicted);
      right.classList.toggle("cnn-away", !values.right);
    },
  };
}
