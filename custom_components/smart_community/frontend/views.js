// Which views the dashboard has: those without anything to show are left out.

import "./cards.js";
import { devicesOf } from "./devices.js";
import { languageOf, loadWords } from "./words.js";

const ANY = ({ communities }) => communities.length > 0;
// Path, card, and when there is something to show.
const VIEWS = [
  ["desk", "duty-desk", () => true],
  ["report", "report", ({ communities }) => communities.some(({ may }) => may.includes("report"))],
  ["township", "township", ({ communities }) => communities.length > 1],
  ["loops", "loops", ANY],
  [
    "agreements",
    "agreements",
    ({ communities }) => communities.some(({ agreements }) => agreements.length > 0),
  ],
  ["noise", "noise", ANY],
  ["statistics", "statistics", ANY],
  [
    "drills",
    "drills",
    ({ communities }) => communities.some(({ may, drills }) => may.includes("drill") || drills.length),
  ],
  ["devices", "devices", (found) => ANY(found) && found.devices !== 0],
];

/** Of the communities and with the views that were chosen for it; with all where none were. */
export async function dashboard({ communities: only = [], views = [] }, hass) {
  const [words, { communities }] = await Promise.all([
    loadWords(languageOf(hass)),
    // A dashboard that cannot say how things were still says how they are.
    hass.callWS({ type: "smart_community/overview" }).catch(() => ({ communities: [] })),
  ]);
  // A page that has just been opened may not know its entities yet: better an empty view than none.
  const devices = hass.entities ? devicesOf(hass).length : null;
  const chosen = communities.filter(({ id }) => !only.length || only.includes(id));
  const found = { communities: chosen, devices };
  const shown = VIEWS.filter(([path, , has]) => has(found) && (!views.length || views.includes(path)));
  return {
    title: words.title,
    views: shown.map(([path, card]) => ({
      title: words.views[path],
      path,
      type: "panel",
      cards: [{ type: `custom:smart-community-${card}`, communities: only }],
    })),
  };
}
