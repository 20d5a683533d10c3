// What a screen reader says of its own accord: new alarms. It belongs to the page and not to a card:
// Home Assistant makes the cards anew whenever its connection comes back.

let region = null;

export function announce(text) {
  if (region === null) {
    region = document.createElement("div");
    region.id = "smart-community-announcer";
    region.setAttribute("role", "status");
    region.setAttribute("aria-live", "assertive");
    region.style.cssText = "position:fixed;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)";
    document.body.append(region);
  }
  region.textContent = text;
}
