// What a screen reader says of its own accord: new alarms, and that a deed was done. It belongs to the
// page and not to a card: Home Assistant makes the cards anew whenever its connection comes back.

const HIDDEN = "position:fixed;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)";
const regions = {};

/** Say something: at once if it is urgent, else when what is being read has ended. */
export function announce(text, { urgent = false } = {}) {
  for (const name of ["polite", "assertive"]) {
    // Both are there before the first text: what comes together with its region is passed over.
    regions[name] ??= made(name);
  }
  regions[urgent ? "assertive" : "polite"].textContent = text;
}

function made(politeness) {
  const region = document.createElement("div");
  region.className = "smart-community-announcer";
  region.setAttribute("role", politeness === "polite" ? "status" : "alert");
  region.setAttribute("aria-live", politeness);
  region.style.cssText = HIDDEN;
  document.body.append(region);
  return region;
}
