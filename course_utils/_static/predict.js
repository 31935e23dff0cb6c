function render({ model, el }) {
  const form = formRoot(el, "form");
  const options = model.get("options");
  const question = model.get("question");
  const field = options.length ? radioGroup(question, options) : textField(question);
  const button = make("button", { type: "submit" }, "Record my prediction");
  const status = make("p", { role: "status", className: "answer" });
  form.append(field.group, button, status);

  field.write(model.get("typed"));
  if (model.get("status")) announce(status, model.get("status"));

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const typed = field.read();
    const empty = options.length ? "Choose an answer first." : "Write something first.";
    announce(status, typed ? `Noted: ${typed}` : empty);
    if (typed) model.send({ typed });
  });
  const onStatus = () => {
    if (!model.get("status")) return;
    field.write(model.get("typed"));
    announce(status, model.get("status"));
  };
  model.on("change:status", onStatus);
  return () => model.off("change:status", onStatus);
}

export default { render };
