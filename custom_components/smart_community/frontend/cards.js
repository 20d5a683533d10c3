// The cards, by the names under which a dashboard's configuration knows them.

import { Agreements } from "./agreements.js";
import { Devices } from "./devices.js";
import { Drills } from "./drills.js";
import { DutyDesk } from "./duty-desk.js";
import { Loops } from "./loops.js";
import { Report } from "./report.js";
import { Statistics } from "./statistics.js";
import { Township } from "./township.js";

const CARDS = {
  "smart-community-duty-desk": [DutyDesk, "Smart Community: duty desk"],
  "smart-community-township": [Township, "Smart Community: all communities"],
  "smart-community-loops": [Loops, "Smart Community: loops"],
  "smart-community-agreements": [Agreements, "Smart Community: agreements"],
  "smart-community-report": [Report, "Smart Community: report something"],
  "smart-community-statistics": [Statistics, "Smart Community: statistics"],
  "smart-community-drills": [Drills, "Smart Community: drills"],
  "smart-community-devices": [Devices, "Smart Community: devices"],
};

for (const [name, [card, title]] of Object.entries(CARDS)) {
  if (!customElements.get(name)) {
    customElements.define(name, card);
    (window.customCards ??= []).push({ type: name, name: title, preview: false });
  }
}
