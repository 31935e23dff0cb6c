function renderQuestion({ model, index, total }) {
  const { question, options } = model.get("shown")[index];
  const asked = `${index + 1}. ${question}`;
  const field = options.length ? radioGroup(asked, options, true) : textField(asked, true);
  const name = `Check question ${index + 1} of ${total}`;
  const button = make("button", { type: "submit", ariaLabel: name }, "Check");
  const answer = make("p", { role: "status", className: "answer" });
  const form = make("form", { className: "item" }, field.group, button, answer);

  const show = () => {
    const { verdict, text } = model.get("feedback")[index];
    if (!verdict) return;
    field.write(model.get("given")[index]);
    answer.className = `answer ${verdict}`;
    announce(answer, text);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const value = field.read();
    answer.className = "answer";
    if (!value) {
      announce(answer, options.length ? "Choose an answer first." : "Write a number first.");
      return;
    }
    announce(answer, "Checking… (this needs the running notebook)");
    model.send({ question: index + 1, value });
  });
  show();
  return { form, show };
}

function render({ model, el }) {
  const title = `Quiz: ${model.get("title")}`;
  const root = formRoot(el);
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", title);
  const total = model.get("shown").length;
  const items = model.get("shown").map((_, index) => renderQuestion({ model, index, total }));
  const score = make("p", { className: "score" });
  root.append(
    make("p", { className: "title" }, title),
    ...items.map((item) => item.form),
    score,
  );

  let known = model.get("feedback");
  const onFeedback = () => {
    const fresh = model.get("feedback");
    items.forEach((item, index) => {
      if (JSON.stringify(fresh[index]) !== JSON.stringify(known[index])) item.show();
    });
    known = fresh;
  };
  const onSummary = () => score.replaceChildren(`Score: ${model.get("summary")}`);
  onSummary();
  model.on("change:feedback", onFeedback);
  model.on("change:summary", onSummary);
  return () => {
    model.off("change:feedback", onFeedback);
    model.off("change:summary", onSummary);
  };
}

export default { render };
