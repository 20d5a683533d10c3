// The cards, by the names under which a dashboard's configuration and the card picker know them.

import { Agreements } from "./agreements.js";
import { Devices } from "./devices.js";
import { Drills } from "./drills.js";
import { DutyDesk } from "./duty-desk.js";
import { Loops } from "./loops.js";
import { Noise } from "./noise.js";
import { Report } from "./report.js";
import { Statistics } from "./statistics.js";
import { Township } from "./township.js";
import { languageOf, loadWords } from "./words.js";

// Key of its words: name and card.
const CARDS = {
  desk: ["smart-community-duty-desk", DutyDesk],
  report: ["smart-community-report", Report],
  township: ["smart-community-township", Township],
  loops: ["smart-community-loops", Loops],
  agreements: ["smart-community-agreements", Agreements],
  noise: ["smart-community-noise", Noise],
  statistics: ["smart-community-statistics", Statistics],
  drills: ["smart-community-drills", Drills],
  devices: ["smart-community-devices", Devices],
};

for (const [name, card] of Object.values(CARDS)) {
  if (!customElements.get(name)) {
    customElements.define(name, card);
  }
}

/** Offer them in the picker of cards, and the dashboard in that of dashboards; again changes nothing. */
export async function offer(hass) {
  const words = await loadWords(languageOf(hass));
  const cards = (window.customCards ??= []);
  for (const [key, [type]] of Object.entries(CARDS)) {
    if (!cards.some((one) => one.type === type)) {
      cards.push({
        type,
        name: `${words.title}${words.colon}${words.views[key]}`,
        description: words.cards[key],
        preview: true,
      });
    }
  }
  const strategies = (window.customStrategies ??= []);
  const type = "smart-community";
  if (!strategies.some((one) => one.type === type)) {
    const { title: name, dashboard: description } = words;
    strategies.push({ type, strategyType: "dashboard", name, description });
  }
}
