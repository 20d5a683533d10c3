// Every page of Home Assistant loads this module: it is kept small, the cards come later.

// While it starts, the frontend replaces `customElements`; what was defined before is lost.
await Promise.race(["home-assistant", "hc-main"].map((name) => customElements.whenDefined(name)));

class SmartCommunityStrategy extends HTMLElement {
  /** The views of the dashboard; those without anything to show are left out. */
  static async generate(_config, hass) {
    const { dashboard } = await import("./views.js");
    return dashboard(hass);
  }
}

const NAME = "ll-strategy-dashboard-smart-community";
if (!customElements.get(NAME)) {
  customElements.define(NAME, SmartCommunityStrategy);
  (window.customStrategies ??= []).push({
    type: "smart-community",
    strategyType: "dashboard",
    name: "Smart Community",
    description: "Duty desk of residential communities: open incidents, ladders, receipts",
  });
  // For people who put a card onto a dashboard of their own: what stands there is drawn at once,
  // and what the picker offers has its name once the user's language is known.
  (window.requestIdleCallback ?? setTimeout)(async () => {
    const { offerCards } = await import("./cards.js");
    const house = document.querySelector("home-assistant");
    while (house && !house.hass?.locale) {
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    if (house) {
      await offerCards(house.hass);
    }
  });
}
