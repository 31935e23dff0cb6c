// Helpers of the prediction and the quiz; each script that uses them follows below.

let formCount = 0;

/** A name that no other form on the page has, for labels and radio groups. */
function uniqueName(stem) {
  formCount += 1;
  const salt = Math.random().toString(36).slice(2, 8);
  return `${stem}-${salt}-${formCount}`;
}

/** An element with properties and children; strings become text. */
function make(tag, properties = {}, ...children) {
  const { role, describedBy, ...plain } = properties;
  const element = Object.assign(document.createElement(tag), plain);
  if (role) element.setAttribute("role", role);
  if (describedBy) element.setAttribute("aria-describedby", describedBy);
  element.append(...children);
  return element;
}

/** A text as nodes, with `code` between backticks and *stress*. */
function prose(text) {
  const parts = text.split(/(`[^`]+`|(?<!\w)\*\w[^*`]*(?<!\s)\*(?!\w))/);
  return parts.map((part, index) => {
    if (index % 2 === 0) return part;
    return make(part[0] === "`" ? "code" : "em", {}, part.slice(1, -1));
  });
}

/** The form itself. JupyterLab would take letters and arrows for its own shortcuts. */
function formRoot(el, tag = "div") {
  const root = make(tag, { className: "workbook-form" });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") event.stopPropagation();
  });
  el.append(root);
  return root;
}

/** A group of radio buttons; `labels` are texts, the value of each is its text. */
function radioGroup(question, labels, marks = false) {
  const name = uniqueName("choice");
  const rows = labels.map((text, index) => {
    const input = make("input", { type: "radio", name, value: text });
    const mark = marks ? [`${String.fromCharCode(97 + index)}) `] : [];
    return make("label", { className: "option" }, input, make("span", {}, ...mark, ...prose(text)));
  });
  const group = make("fieldset", {}, make("legend", {}, ...prose(question)), ...rows);
  const inputs = () => [...group.querySelectorAll("input")];
  return {
    group,
    read: () => inputs().find((input) => input.checked)?.value ?? "",
    write: (text) => inputs().forEach((input) => { input.checked = input.value === text; }),
  };
}

/** A labelled text field. */
function textField(question, numeric = false) {
  const id = uniqueName("field");
  const input = make("input", { type: "text", id, autocomplete: "off", spellcheck: false });
  if (numeric) input.inputMode = "decimal";
  const label = make("label", { htmlFor: id, className: "question" }, ...prose(question));
  return {
    group: make("div", {}, label, input),
    read: () => input.value.trim(),
    write: (text) => { input.value = text; },
  };
}

/** Say a text in a live region, also when it says the same again. */
function announce(region, text) {
  region.replaceChildren();
  requestAnimationFrame(() => region.replaceChildren(...prose(text)));
}
