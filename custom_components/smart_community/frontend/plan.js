// A floor plan: the picture of an area, with the detectors that hang there, lit where they alarm.

import { el, icon, setTextOrHide } from "./dom.js";
import { fill, said } from "./words.js";

const STEP = 0.02;
// From where on a tag in the middle of its mark would stand over the plan's edge.
const EDGE = 0.15;
const MIDDLE = { x: 0.5, y: 0.5 };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Home Assistant keeps a picture in several sizes: a plan is read at its full one. */
const fullSize = (picture) => picture.replace(/\/\d+x\d+$/, "/original");

const clamp = (share) => Math.min(1, Math.max(0, share));

/** What tells these names apart: "201" and "203" of two smoke detectors. */
function apart(names) {
  if (names.length < 2) {
    return names;
  }
  const words = names.map((name) => name.split(" "));
  const shared = (index) => words.every((one) => one.length > index + 1 && one[index] === words[0][index]);
  let first = 0;
  while (shared(first)) {
    first += 1;
  }
  return words.map((one) => one.slice(first).join(" "));
}

/** How much of a tag stands before its mark: half of it, less where the plan's edge is near. */
const shift = (x) => (x < EDGE ? x / EDGE / 2 : x > 1 - EDGE ? 1 - (1 - x) / EDGE / 2 : 0.5);

/** A mark at its place; with its name where somebody has to find it. */
function mark(kind, { x, y, name = "" }) {
  const tag = name ? el("span.tag", { style: `--shift: ${shift(x)}` }, name) : null;
  const sign = icon(kind === "lit" ? "mdi:bell-ring" : "mdi:circle");
  const spot = el(`span.spot.${kind}`, {}, sign, tag);
  spot.style.insetInlineStart = `${x * 100}%`;
  spot.style.top = `${y * 100}%`;
  return spot;
}

/** What lies over a plan to be pointed at: by a tap, or by arrow keys and Enter. */
function pointer(label, { moved, chosen }) {
  let at = MIDDLE;
  const target = el("button.target", {
    type: "button",
    "aria-label": label,
    onclick: (event) => {
      // A press of Enter has no place of its own: the cross has.
      if (event.detail > 0) {
        const box = target.getBoundingClientRect();
        at = {
          x: clamp((event.clientX - box.left) / box.width),
          y: clamp((event.clientY - box.top) / box.height),
        };
      }
      chosen(at);
    },
    onkeydown: (event) => {
      const move = ARROWS[event.key];
      if (move) {
        event.preventDefault();
        at = { x: clamp(at.x + move[0] * STEP), y: clamp(at.y + move[1] * STEP) };
        moved(at);
      }
    },
  });
  return target;
}

/** A plan on which a person points at what was seen; `point` is null until then. */
export class PointPicker {
  constructor({ words, picture, name, point = null }) {
    this.point = point;
    const marks = el("div.marks", { "aria-hidden": "true" });
    const show = (at) => marks.replaceChildren(mark("cross", at));
    const target = pointer(words.plan.point, {
      moved: show,
      chosen: (at) => {
        this.point = at;
        marks.replaceChildren(mark("lit", at));
      },
    });
    if (point) {
      marks.append(mark("lit", point));
    }
    const image = el("img", { src: fullSize(picture), alt: fill(words.plan.dark, { area: name }) });
    this.element = el(
      "figure.plan",
      {},
      el("div.stage", {}, image, marks, target),
      el("figcaption.quiet", {}, words.plan.how),
    );
  }
}

export class Plan {
  /** `placed()` is called after a detector got its place. */
  constructor({ words, hass, plan, placed }) {
    this._words = words.plan;
    this._comma = words.comma;
    this._hass = hass;
    this._plan = plan;
    this._placed = placed;
    this._problem = el("p.problem", { role: "alert", hidden: true });
    this._marks = el("div.marks", { "aria-hidden": "true" });
    this._stage = el("div.stage", {}, this._picture(), this._marks);
    this.element = el("figure.plan", {}, this._stage, el("figcaption", {}, ...this._caption()));
    this._draw();
  }

  _picture() {
    const lit = this._plan.spots.filter((one) => one.in_alarm).map((one) => one.name);
    const text = fill(lit.length ? this._words.lit : this._words.dark, {
      area: this._plan.name,
      names: lit.join(this._comma),
    });
    return el("img", { src: fullSize(this._plan.picture), alt: text });
  }

  _draw(cross) {
    const lit = this._plan.spots.filter((one) => one.in_alarm);
    const dark = this._plan.spots.filter((one) => !one.in_alarm);
    const names = apart(lit.map((one) => one.name));
    const marks = [
      ...dark.map(({ x, y }) => mark("dark", { x, y })),
      ...lit.map(({ x, y }, index) => mark("lit", { x, y, name: names[index] })),
    ];
    this._marks.replaceChildren(...marks, ...(cross ? [mark("cross", cross)] : []));
  }

  _caption() {
    const { missing, spots, name } = this._plan;
    const lines = [el("span", {}, name)];
    if (missing.length) {
      const names = missing.map((one) => one.name).join(this._comma);
      lines.push(el("span.quiet", {}, fill(this._words.missing, { names })));
    }
    if (this._hass().user?.is_admin && missing.length + spots.length) {
      this._button = el(
        "button.deed.small",
        { type: "button", onclick: () => this._begin() },
        this._words.place,
      );
      lines.push(this._button);
    }
    return lines;
  }

  /** An administrator says where a detector hangs. */
  _begin() {
    const { missing, spots } = this._plan;
    const choice = el(
      "select",
      {},
      ...[...missing, ...spots].map((one) => el("option", { value: one.entity_id }, one.name)),
    );
    const target = pointer(this._words.point, {
      moved: (at) => this._draw(at),
      chosen: (at) => this._place(choice.value, at),
    });
    this._stage.append(target);
    this._button.replaceWith(
      el("label.field", {}, this._words.which, choice),
      el("span.quiet", {}, this._words.how),
      this._problem,
    );
    this._draw(MIDDLE);
    target.focus();
  }

  async _place(entity, { x, y }) {
    try {
      await this._hass().callWS({ type: "smart_community/place", entity_id: entity, x, y });
      this._placed();
    } catch (error) {
      setTextOrHide(this._problem, await said(this._hass(), error));
    }
  }
}
