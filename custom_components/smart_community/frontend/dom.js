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

const WORKABLE = "button, a[href], summary, input, select, textarea";

/** What a person would find an element by. */
const calledBy = (element) => element.getAttribute("aria-label") ?? element.textContent;

/**
 * Put these in place of what an element holds. The keyboard stays on what is made anew alike, else on
 * the first that can be worked with there: lost to the page it would begin at the side bar again.
 */
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
  const next = held.isConnected ? held : (alike()[place] ?? element.querySelector(WORKABLE));
  next?.focus({ preventScroll: true });
}

/** Show that the buttons in an element wait. Disabled ones would lose the keyboard. */
export function busy(element, waits) {
  for (const button of element.querySelectorAll("button")) {
    if (waits) {
      button.setAttribute("aria-disabled", "true");
    } else {
      button.removeAttribute("aria-disabled");
    }
  }
}

/** Have something done by a button; pressed again before it is done it does nothing. */
export async function once(button, deed) {
  if (button.getAttribute("aria-disabled") === "true") {
    return;
  }
  button.setAttribute("aria-disabled", "true");
  try {
    await deed();
  } finally {
    button.removeAttribute("aria-disabled");
  }
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
