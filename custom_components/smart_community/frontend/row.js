// One incident in the list. Its elements stay while its text changes, so that no focus is lost.

import { el, icon, setText, setTextOrHide } from "./dom.js";
import { iconOf } from "./icons.js";
import { dueLine, loopOf, nameOf, numberLine, stateLine, toldLine } from "./phrases.js";
import { fill } from "./words.js";

export class Row {
  /** `open(incident, deed)`: show it, at the form of a deed if one is named; `act(incident, deed)`. */
  constructor({ store, words, open, act, chosen }) {
    this._store = store;
    this._words = words;
    this._chosen = chosen;
    this._parts = {
      icon: icon("mdi:alert"),
      what: el("span"),
      zone: el("span.zone"),
      drill: el("span.chip", {}, words.drill),
      state: el("span.state.quiet"),
      due: el("span.due"),
      number: el("span.state.quiet"),
      told: el("span.told.quiet"),
    };
    const { what, zone, drill, state, due, number, told } = this._parts;
    this._open = el(
      "button.open",
      { type: "button", onclick: () => open(this.incident, null) },
      el("span.what", {}, this._parts.icon, what, drill),
      zone,
      due,
      state,
      number,
      told,
    );
    this._deed = el("button.deed.first", {
      type: "button",
      onclick: () => {
        const [deed, permit] = Object.entries(this.incident.offered)[0];
        if (deed === "acknowledge" && permit === "allowed") {
          act(this.incident, deed, this._deed);
        } else {
          open(this.incident, deed);
        }
      },
    });
    this._bar = el("div.bar");
    this.element = el("li.row", { role: "listitem" }, this._bar, this._open, this._deed);
  }

  update(incident) {
    this.incident = incident;
    const words = this._words;
    this.element.style.setProperty("--severity", `var(--${incident.severity})`);
    this.element.dataset.incident = incident.id;
    this.element.dataset.severity = incident.severity;
    this._parts.icon.setAttribute("icon", iconOf(incident.loop));
    this._parts.drill.hidden = !incident.drill;
    setText(this._parts.what, loopOf(this._store, incident));
    setText(this._parts.zone, incident.zone_name);
    setText(this._parts.told, toldLine(incident, words));
    const [deed] = Object.keys(incident.offered);
    setTextOrHide(this._deed, deed && words.deeds[deed]);
    if (deed) {
      this._deed.setAttribute(
        "aria-label",
        `${words.deeds[deed]}${words.colon}${nameOf(this._store, incident, words)}`,
      );
    }
    this.tick();
  }

  tick() {
    setText(this._parts.state, stateLine(this._store, this.incident, this._words));
    setText(this._parts.number, numberLine(this._store, this.incident, this._words));
    setText(this._parts.due, dueLine(this._store, this.incident, this._words));
    const chosen = this._chosen() === this.incident.id;
    this.element.classList.toggle("chosen", chosen);
    this._open.setAttribute("aria-pressed", chosen);
    this._open.setAttribute(
      "aria-description",
      fill(this._words.open_incident, { number: this.incident.number }),
    );
  }

  focus() {
    this._open.focus();
  }
}
