// A list of which only what is seen is in the document: a thousand rows scroll like ten.

import { el } from "./dom.js";

const GAP = 8;
// Rows kept ready above and below, so that a flick of the thumb and the Tab key find something.
const SPARE = 4;

export class WindowList {
  /** `make()` returns a row: {element, update(item), tick(), focus()}. */
  constructor({ label, make }) {
    this._make = make;
    this._items = [];
    this._rows = new Map();
    this._height = 0;
    this.rows = el("ul.rows", { role: "list", "aria-label": label });
    this.element = el("div.scroll.list", { onscroll: () => this._draw() }, this.rows);
    this._resized = new ResizeObserver(() => this._draw());
    this.rows.addEventListener("keydown", (event) => this._keyed(event));
  }

  connected() {
    this._resized.observe(this.element);
  }

  disconnected() {
    this._resized.disconnect();
  }

  /** Show these items (each with an `id`), in this order. */
  show(items) {
    this._items = items;
    for (const item of items) {
      this._rows.get(item.id)?.update(item);
    }
    this._draw();
  }

  tick() {
    for (const row of this._rows.values()) {
      row.tick();
    }
  }

  focus(id) {
    const index = this._items.findIndex((item) => item.id === id);
    if (index >= 0) {
      this._reveal(index);
      this._rows.get(id)?.focus();
    }
  }

  _reveal(index) {
    const top = index * this._step();
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) {
      this.element.scrollTop = top;
    } else if (top + this._step() > scrollTop + clientHeight) {
      this.element.scrollTop = top + this._step() - clientHeight;
    }
    this._draw();
  }

  /** The distance from row to row; measured, since users choose the size of their letters. */
  _step() {
    if (!this._height) {
      const first = this._rows.values().next().value;
      this._height = (first?.element.offsetHeight || 144) + GAP;
    }
    return this._height;
  }

  _draw() {
    const count = this._items.length;
    const step = this._step();
    const first = Math.max(0, Math.floor(this.element.scrollTop / step) - SPARE);
    const last = Math.min(
      count,
      Math.ceil((this.element.scrollTop + this.element.clientHeight) / step) + SPARE,
    );
    this.rows.style.height = `${count * step}px`;
    const root = this.rows.getRootNode();
    const focused = root.activeElement ?? null;
    const wanted = new Map();
    for (let index = first; index < last; index += 1) {
      wanted.set(this._items[index].id, index);
    }
    const held = this._held(focused, wanted);
    const order = [...wanted, ...held].sort(([, one], [, other]) => one - other);
    // A row that left is taken for one that came: to make one anew costs ten times as much.
    const free = [];
    for (const [id, row] of this._rows) {
      if (!wanted.has(id) && !held.some(([one]) => one === id)) {
        this._rows.delete(id);
        free.push(row);
      }
    }
    let previous = null;
    for (const [id, index] of order) {
      let row = this._rows.get(id);
      if (row === undefined) {
        row = free.pop() ?? this._make();
        row.update(this._items[index]);
        this._rows.set(id, row);
      }
      row.element.style.transform = `translateY(${index * step}px)`;
      row.element.setAttribute("aria-setsize", count);
      row.element.setAttribute("aria-posinset", index + 1);
      const place = previous ? previous.nextSibling : this.rows.firstChild;
      if (row.element !== place) {
        this.rows.insertBefore(row.element, place);
      }
      previous = row.element;
    }
    free.forEach((row) => row.element.remove());
    // Moving an element takes the focus from it.
    if (focused !== null && root.activeElement !== focused && focused.isConnected) {
      focused.focus({ preventScroll: true });
    }
    if (this._rows.size && !this._measured) {
      this._measured = true;
      this._height = 0;
      this._draw();
    }
  }

  /** The row that has the focus stays, wherever it is: the keyboard would be lost with it. */
  _held(focused, wanted) {
    if (focused === null) {
      return [];
    }
    return [...this._rows]
      .filter(([id, row]) => !wanted.has(id) && row.element.contains(focused))
      .map(([id]) => [id, this._items.findIndex((item) => item.id === id)])
      .filter(([, index]) => index >= 0);
  }

  _keyed(event) {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = event.target.closest("li");
    if (move === undefined || row === null) {
      return;
    }
    const at = Number(row.getAttribute("aria-posinset")) - 1 + move;
    if (at >= 0 && at < this._items.length) {
      event.preventDefault();
      this.focus(this._items[at].id);
    }
  }
}
