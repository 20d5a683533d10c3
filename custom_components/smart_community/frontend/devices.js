// The devices behind the loops: which of them say nothing, and whose battery is low.

import { Card } from "./card.js";
import { el, icon } from "./dom.js";
import { fill } from "./words.js";

const LOW = 20;
const PLATFORM = "smart_community";
const SILENT = new Set(["unavailable", "unknown"]);

/** Devices of our buses and radios, by what is wrong with them. */
export function devicesOf(hass) {
  const devices = new Map();
  for (const entity of Object.values(hass.entities ?? {})) {
    const device = hass.devices?.[entity.device_id];
    if (entity.platform !== PLATFORM || !device || device.entry_type === "service") {
      continue;
    }
    const state = hass.states[entity.entity_id];
    if (state === undefined) {
      continue;
    }
    const found = devices.get(device.id) ?? { device, entities: 0, silent: 0, battery: null };
    found.entities += 1;
    found.silent += SILENT.has(state.state);
    if (state.attributes.device_class === "battery" && !Number.isNaN(Number(state.state))) {
      found.battery = Number(state.state);
    }
    devices.set(device.id, found);
  }
  const trouble = (one) => (one.silent === one.entities ? 0 : one.silent ? 1 : low(one) ? 2 : 3);
  const name = (one) => one.device.name_by_user ?? one.device.name ?? "";
  return [...devices.values()].sort(
    (one, other) => trouble(one) - trouble(other) || name(one).localeCompare(name(other)),
  );
}

const low = (one) => one.battery !== null && one.battery <= LOW;

export class Devices extends Card {
  make() {
    this._count = el("p.quiet");
    this._list = el("ul.facts");
    this._shown = "";
    queueMicrotask(() => this.states());
    return el("div.page", {}, this._count, this._list);
  }

  states() {
    const devices = devicesOf(this.hass);
    const shown = JSON.stringify(devices.map((one) => [one.device.id, one.silent, one.battery]));
    if (shown === this._shown) {
      return;
    }
    this._shown = shown;
    const silent = devices.filter((one) => one.silent).length;
    const { devices: words } = this.words;
    this._count.textContent = fill(words.count, { count: devices.length, silent });
    this._list.replaceChildren(...devices.map((one) => this._row(one)));
  }

  _row({ device, entities, silent, battery }) {
    const { devices: words } = this.words;
    const area = this.hass.areas?.[device.area_id]?.name;
    const said = [
      silent === 0 ? words.speaks : silent === entities ? words.silent : fill(words.partly, { silent, entities }),
      battery === null ? null : fill(words.battery, { battery }),
      area,
    ];
    const bad = silent > 0 || low({ battery });
    return el(
      bad ? "li.bad" : "li.good",
      {},
      icon(bad ? "mdi:alert-circle" : "mdi:check-circle"),
      el(
        "span",
        {},
        el(
          "a",
          { href: `/config/devices/device/${device.id}` },
          device.name_by_user ?? device.name ?? device.id,
        ),
        `${this.words.colon}${said.filter(Boolean).join(" · ")}`,
      ),
    );
  }
}
