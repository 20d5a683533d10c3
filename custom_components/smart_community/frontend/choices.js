// The editor of a dashboard of this kind: of which communities it is, and which views it has.

import { el } from "./dom.js";
import { shadow } from "./style.js";
import { languageOf, loadWords, said } from "./words.js";

export class Choices extends HTMLElement {
  setConfig(config) {
    this._config = config;
    this._make();
  }

  set hass(hass) {
    this._hass = hass;
    this._make();
  }

  /** Once both are known; what is being chosen stays as it is. */
  async _make() {
    if (!this._config || !this._hass || this.shadowRoot) {
      return;
    }
    const root = shadow(this);
    try {
      const [words, { communities }] = await Promise.all([
        loadWords(languageOf(this._hass)),
        this._hass.callWS({ type: "smart_community/overview", days: 1 }),
      ]);
      root.replaceChildren(
        this._choice("communities", communities.map(({ id, name }) => [id, name]), words.form),
        this._choice("views", Object.entries(words.views), words.form),
      );
    } catch (error) {
      root.replaceChildren(el("p.problem", { role: "alert" }, await said(this._hass, error)));
    }
  }

  _choice(key, options, words) {
    const chosen = this._config[key] ?? [];
    const boxes = options.map(([value, name]) =>
      el(
        "label.choice",
        {},
        el("input", { type: "checkbox", name: key, value, checked: chosen.includes(value) }),
        name,
      ),
    );
    const changed = () => {
      const found = boxes.map((one) => one.querySelector("input")).filter((one) => one.checked);
      this._config = { ...this._config, [key]: found.map((one) => one.value) };
      this.dispatchEvent(
        new CustomEvent("config-changed", {
          detail: { config: this._config },
          bubbles: true,
          composed: true,
        }),
      );
    };
    return el(
      "div.form",
      { onchange: changed },
      el("fieldset", {}, el("legend", {}, words[key]), el("p.quiet", {}, words[`${key}_helper`]), ...boxes),
    );
  }
}

if (!customElements.get("smart-community-choices")) {
  customElements.define("smart-community-choices", Choices);
}
