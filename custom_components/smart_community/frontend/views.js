// Which views the dashboard has.

import "./cards.js";
import { languageOf, loadWords } from "./words.js";

const VIEWS = [["desk", "mdi:bell-alert"]];

export async function dashboard(hass) {
  const words = await loadWords(languageOf(hass));
  return {
    title: words.title,
    views: VIEWS.map(([path, icon]) => ({
      title: words.views[path],
      path,
      icon,
      type: "panel",
      cards: [{ type: `custom:smart-community-${path === "desk" ? "duty-desk" : path}` }],
    })),
  };
}
