// A page opened as a file may not read other files: no excerpts below what was found.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// Tells the explorers which colours the reader has chosen.
function tellColours() {
  const chosen = document.body.dataset.theme;
  if (chosen === "auto") document.documentElement.removeAttribute("theme");
  else document.documentElement.setAttribute("theme", chosen);
}

// What scrolls can be reached by keyboard.
function letScroll() {
  for (const box of document.querySelectorAll("pre, .output, .math-wrapper, .table-wrapper")) {
    const scrolls = box.scrollWidth > box.clientWidth;
    if (scrolls) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

// The icons of menu and contents are labels of hidden boxes; a button can have the focus.
function asButton(label, name) {
  const box = document.getElementById(label.htmlFor);
  const button = document.createElement("button");
  button.className = label.className;
  button.setAttribute("aria-label", name);
  button.append(...label.childNodes);
  button.addEventListener("click", () => box.click());
  const tell = () => button.setAttribute("aria-expanded", box.checked);
  box.addEventListener("change", tell);
  tell();
  label.replaceWith(button);
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("label.nav-overlay-icon").forEach((label) => asButton(label, "Menu"));
  document.querySelectorAll("label.toc-overlay-icon").forEach((label) => asButton(label, "On this page"));
  new MutationObserver(tellColours).observe(document.body, { attributeFilter: ["data-theme"] });
  tellColours();
  letScroll();
  addEventListener("resize", letScroll);
  // what was folded away has no size until it is opened
  document.querySelectorAll("details").forEach((fold) => {
    fold.addEventListener("toggle", letScroll);
  });
});
