// Every page of Home Assistant loads this module: it is kept small, the cards come later.

// While it starts, the frontend replaces `customElements`; what was defined before is lost.
await Promise.race(["home-assistant", "hc-main"].map((name) => customElements.whenDefined(name)));

class SmartCommunityStrategy extends HTMLElement {
  /** The views of the dashboard; those without anything to show are left out. */
  static async generate(config, hass) {
    const { dashboard } = await import("./views.js");
    return dashboard(config, hass);
  }

  /** What a person may choose who adds a dashboard of this kind. */
  static async getConfigElement() {
    const { Choices } = await import("./choices.js");
    return new Choices();
  }
}

const NAME = "ll-strategy-dashboard-smart-community";
if (!customElements.get(NAME)) {
  customElements.define(NAME, SmartCommunityStrategy);
  // For people who make a dashboard of their own: what stands there is drawn at once, and what the
  // pickers of dashboards and of cards offer has its name once the user's language is known.
  (window.requestIdleCallback ?? setTimeout)(async () => {
    const { offer } = await import("./cards.js");
    const house = document.querySelector("home-assistant");
    while (house && !house.hass?.locale) {
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    if (house) {
      await offer(house.hass);
    }
  });
}
