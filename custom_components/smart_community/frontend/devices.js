// The devices behind the loops: which of them are silent, report a fault or have a low battery.

import { Card } from "./card.js";
import { el, icon, renew, setText } from "./dom.js";
import { fill } from "./words.js";

const LOW = 20;
const PLATFORM = "smart_community";
// A button that nobody has pressed is unknown for years; these have something to say all the time.
const TELLING = new Set(["binary_sensor", "sensor", "switch", "number", "select", "lock", "siren"]);
const NO_DATA = new Set(["unavailable", "unknown"]);
// A device's own diagnosis: no point that could lack data.
const QUALITY = "unit_quality";
const SILENCE = "silence";
// Every change of any state in the house would count thousands of entities anew.
const PAUSE = 1000;

const TROUBLES = ["silent", "fault", "lacking", "battery", "well"];
const ICONS = {
  silent: ["mdi:lan-disconnect", "bad"],
  fault: ["mdi:alert-circle", "bad"],
  lacking: ["mdi:help-circle", "bad"],
  battery: ["mdi:battery-alert-variant-outline", "bad"],
  well: ["mdi:check-circle", "good"],
};

/** Devices of our buses and radios, those first that somebody has to go to. */
export function devicesOf(hass) {
  const devices = new Map();
  for (const entity of Object.values(hass.entities ?? {})) {
    const device = hass.devices?.[entity.device_id];
    const state = hass.states[entity.entity_id];
    const [domain] = entity.entity_id.split(".");
    const ours = entity.platform === PLATFORM && device && device.entry_type !== "service";
    if (!ours || !state || !TELLING.has(domain)) {
      continue;
    }
    const found = devices.get(device.id) ?? {
      device,
      points: 0,
      lacking: [],
      faults: [],
      battery: null,
      empty: false,
      silent: false,
      why: "",
    };
    note(hass, found, entity, state);
    devices.set(device.id, found);
  }
  const every = [...devices.values()];
  for (const one of every) {
    one.name = nameOf(one.device);
    one.trouble = troubleOf(one);
  }
  return every.sort(
    (one, other) =>
      TROUBLES.indexOf(one.trouble) - TROUBLES.indexOf(other.trouble) ||
      one.name.localeCompare(other.name, undefined, { numeric: true }),
  );
}

const nameOf = (device) => device.name_by_user ?? device.name ?? device.id;

/** Add what one entity says to what is known of its device. */
function note(hass, found, { translation_key: key }, state) {
  const name = () => shortName(state, found.device);
  const { device_class: kind } = state.attributes;
  if (key === QUALITY) {
    found.why = state.state === "good" ? "" : hass.formatEntityState(state);
  } else if (key === SILENCE) {
    found.silent ||= state.state === "on";
  } else if (NO_DATA.has(state.state)) {
    found.points += 1;
    found.lacking.push(name());
  } else {
    found.points += 1;
    if (kind === "problem" && state.state === "on") {
      found.faults.push(name());
    } else if (kind === "battery" && state.entity_id.startsWith("binary_sensor.")) {
      found.empty ||= state.state === "on";
    } else if (kind === "battery" && !Number.isNaN(Number(state.state))) {
      found.battery = Number(state.state);
    }
  }
}

/** "Fault" of "Drainage pumps Fault": the device's name stands above it already. */
function shortName({ entity_id: id, attributes }, device) {
  const name = attributes.friendly_name ?? id;
  const prefix = nameOf(device);
  return (name.startsWith(prefix) ? name.slice(prefix.length).trim() : name) || name;
}

function troubleOf({ points, lacking, faults, battery, empty, silent }) {
  if (silent || (points > 0 && lacking.length === points)) {
    return "silent";
  }
  if (faults.length) {
    return "fault";
  }
  if (lacking.length) {
    return "lacking";
  }
  return empty || (battery !== null && battery <= LOW) ? "battery" : "well";
}

export class Devices extends Card {
  /** Devices hang on lines and networks, not on communities: there is nothing to choose. */
  static getConfigForm() {
    return { schema: [] };
  }

  make() {
    this._count = el("p.quiet", { role: "status" });
    this._list = el("ul.facts");
    this._shown = "";
    this._resting = null;
    queueMicrotask(() => this.states());
    this.until(() => clearTimeout(this._resting));
    return el("div.page", {}, this._count, this._list);
  }

  states() {
    if (this._resting !== null) {
      return;
    }
    this._resting = setTimeout(() => {
      this._resting = null;
      if (this._again !== this.hass) {
        this.states();
      }
    }, PAUSE);
    this._again = this.hass;
    this._show();
  }

  _show() {
    const rows = devicesOf(this.hass).map((one) => ({ ...one, said: this._said(one) }));
    const shown = JSON.stringify(rows.map(({ name, trouble, said }) => [name, trouble, said]));
    if (shown === this._shown) {
      return;
    }
    this._shown = shown;
    const { devices: words } = this.words;
    const troubled = rows.filter(({ trouble }) => trouble !== "well").length;
    const count = rows.length;
    const sentence = count === 0 ? words.none : troubled ? words.troubled : words.all_well;
    setText(this._count, fill(sentence, { count, troubled }));
    renew(this._list, rows.map((row) => this._row(row)));
  }

  _said({ device, trouble, lacking, faults, battery, empty, why }) {
    const { devices: words, comma } = this.words;
    const names = (list) => ({ names: list.join(comma) });
    return [
      trouble === "well" ? words.well : null,
      trouble === "silent" ? fill(why ? words.silent_why : words.silent, { why }) : null,
      faults.length ? fill(words.fault, names(faults)) : null,
      trouble !== "silent" && lacking.length ? fill(words.lacking, names(lacking)) : null,
      battery !== null ? fill(words.battery, { battery }) : empty ? words.battery_low : null,
      this.hass.areas?.[device.area_id]?.name,
    ]
      .filter(Boolean)
      .join(" · ");
  }

  _row({ device, name, trouble, said }) {
    const [symbol, kind] = ICONS[trouble];
    // Home Assistant shows a device's page to administrators only.
    const title = this.hass.user?.is_admin
      ? el("a", { href: `/config/devices/device/${device.id}` }, name)
      : name;
    return el(
      `li.${kind}`,
      {},
      icon(symbol),
      el("div", {}, el("div.title", {}, title), el("div.quiet", {}, said)),
    );
  }
}
