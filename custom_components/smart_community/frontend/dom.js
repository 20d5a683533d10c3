// The one way in which elements are made here: text is always text, never markup.

/** el("button.primary", {type: "button", onclick: f}, "text", otherElement) */
export function el(name, properties = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length) {
    element.className = classes.join(" ");
  }
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) {
      continue;
    }
    if (key.startsWith("on")) {
      element.addEventListener(key.slice(2), value);
    } else if (value === true) {
      element.setAttribute(key, "");
    } else {
      element.setAttribute(key, value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** What a person would find an element by. */
const calledBy = (element) => element.getAttribute("aria-label") ?? element.textContent;

/** Put these in place of what an element holds; the keyboard stays on what is made anew alike. */
export function renew(element, children) {
  const held = element.getRootNode().activeElement;
  if (!held || !element.contains(held)) {
    element.replaceChildren(...children);
    return;
  }
  const name = calledBy(held);
  const alike = () =>
    [...element.querySelectorAll(held.localName)].filter((one) => calledBy(one) === name);
  const place = alike().indexOf(held);
  element.replaceChildren(...children);
  // Even what stays has lost the focus by being moved.
  (held.isConnected ? held : alike()[place])?.focus({ preventScroll: true });
}

/** Home Assistant's own icon, which says nothing: the text beside it does. */
export function icon(name, classes = "") {
  return el("ha-icon", { icon: name, class: classes, "aria-hidden": "true" });
}

export function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** An element that is shown only when it has something to say. */
export function setTextOrHide(element, text) {
  element.hidden = !text;
  setText(element, text);
}
