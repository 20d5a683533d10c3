// The loops: which are on, what they have open, how much of what they said was false.

import { FiguresCard } from "./card.js";
import { el, icon } from "./dom.js";
import { iconOf } from "./icons.js";
import { share } from "./phrases.js";
import { byUrgency } from "./store.js";
import { fill, said } from "./words.js";

const ELEMENTS = ["fire", "water", "environment", "waste", "people", "buildings", "vehicles"];

export class Loops extends FiguresCard {
  show() {
    return this.communities.map((community) => this.section(community, this._table(community)));
  }

  /** Switches follow their entities; figures stay until something has ended. */
  states() {
    const on = this._switches().join();
    if (on !== this._shown) {
      this._shown = on;
      this.draw();
    }
  }

  live() {
    const open = this.incidents.map(({ community, loop, severity }) => [community, loop, severity]);
    return [open, this._switches()];
  }

  _switches() {
    const loops = (this.communities ?? []).flatMap((one) => one.loops);
    return loops.map(({ switch: id }) => this.hass.states[id]?.state ?? "unknown");
  }

  _table(community) {
    const { words } = this;
    const head = ["loop", "open", "period", "false_alarms", "on"].map((key) =>
      el("th", { scope: "col" }, fill(words.loops[key], { days: this.days })),
    );
    const order = ({ element }) => (ELEMENTS.includes(element) ? ELEMENTS.indexOf(element) : 99);
    const rows = community.loops
      .toSorted((one, other) => order(one) - order(other))
      .map((row) => this._row(community, row));
    return el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows));
  }

  _row(community, row) {
    const mine = [...this.store.incidents.values()].filter(
      (one) => one.community === community.id && one.loop === row.loop,
    );
    const open = mine.length;
    const [worst] = mine.sort(byUrgency);
    const name = this.store.words.loops[row.loop] ?? row.loop;
    return el(
      open ? "tr.busy" : "tr",
      open ? { style: `--severity: var(--${worst.severity})` } : {},
      el("th", { scope: "row" }, el("div.name", {}, icon(iconOf(row.loop)), el("span", {}, name))),
      el("td", {}, String(open)),
      el("td", {}, String(row.incidents)),
      el("td", {}, share(row, this.words)),
      el("td", {}, this._switch(community, row, name)),
    );
  }

  /** Whoever may switch gets a switch; to all others it is said. */
  _switch(community, row, name) {
    const { words, hass } = this;
    const on = row.switch ? hass.states[row.switch]?.state === "on" : row.on;
    const text = on ? words.loops.is_on : words.loops.is_off;
    if (!row.switch || !community.may.includes("switch_loop")) {
      return el("span.quiet", {}, row.on === null ? "–" : text);
    }
    return el(
      on ? "button.switch.on" : "button.switch",
      {
        type: "button",
        role: "switch",
        "aria-checked": String(on),
        "aria-label": name,
        onclick: () => this._turn(row.switch, !on),
      },
      text,
    );
  }

  async _turn(entity, on) {
    try {
      await this.hass.callService("switch", on ? "turn_on" : "turn_off", { entity_id: entity });
    } catch (error) {
      this.toast(await said(this.hass, error));
    }
  }
}
