// What all cards have in common: their words, the live store, and an end to everything they began.

import { el, renew, setTextOrHide } from "./dom.js";
import { storeOf } from "./store.js";
import { shadow } from "./style.js";
import { clock, fill, languageOf, loadWords, said } from "./words.js";

const PAUSE = 3000;

/** A card makes its elements in `make()`, and shows what changed in `changed()` and `states()`. */
export class Card extends HTMLElement {
  static getStubConfig() {
    return {};
  }

  /** What a person may choose who puts the card onto a dashboard: of which communities it is. */
  static async getConfigForm() {
    const { hass } = document.querySelector("home-assistant");
    const [words, { communities }] = await Promise.all([
      loadWords(languageOf(hass)),
      hass.callWS({ type: "smart_community/overview", days: 1 }),
    ]);
    const options = communities.map(({ id: value, name: label }) => ({ value, label }));
    const select = { options, multiple: true, mode: "list" };
    return {
      schema: [{ name: "communities", selector: { select } }],
      computeLabel: ({ name }) => words.form[name],
      computeHelper: ({ name }) => words.form[`${name}_helper`],
    };
  }

  setConfig(config) {
    this.config = config;
    if (this.started) {
      this.changed({ added: [], changed: [], removed: [] });
    }
  }

  /** Whether a community is shown here: those chosen for the card, or all. */
  shows(community) {
    const chosen = this.config?.communities ?? [];
    return chosen.length === 0 || chosen.includes(community);
  }

  /** The communities of the store that are shown here; none while they are not known. */
  get shown() {
    return (this.store.communities ?? []).filter(({ id }) => this.shows(id));
  }

  /** The open incidents that are shown here. */
  get incidents() {
    return [...this.store.incidents.values()].filter(({ community }) => this.shows(community));
  }

  getCardSize() {
    return 12;
  }

  getGridOptions() {
    return { columns: "full" };
  }

  get hass() {
    return this._hass;
  }

  set hass(hass) {
    this._hass = hass;
    if (this.isConnected && !this._stops) {
      this._start();
    } else if (this.started) {
      this.states();
    }
  }

  connectedCallback() {
    if (this._hass && !this._stops) {
      this._start();
    }
  }

  disconnectedCallback() {
    for (const stop of this._stops ?? []) {
      stop();
    }
    this._stops = null;
    this.started = false;
  }

  /** Call `stop` when the card is taken away. */
  until(stop) {
    this._stops.push(stop);
  }

  make() {
    throw new Error("a card makes something");
  }

  changed() {}

  states() {}

  toast(message) {
    this.dispatchEvent(
      new CustomEvent("hass-notification", { detail: { message }, bubbles: true, composed: true }),
    );
  }

  /** Have an action of ours done; returns what it answers. */
  async answer(service, data) {
    const { response } = await this.hass.callWS({
      type: "call_service",
      domain: "smart_community",
      service,
      service_data: data,
      return_response: true,
    });
    return response;
  }

  /** Why what is shown may not be how things are; empty while it is. */
  doubt() {
    const { store, words } = this;
    if (store.lostAt !== null) {
      const time = clock(this.hass, new Date(store.lostAt));
      const asOf = store.communities === null ? [] : [fill(words.as_of, { time })];
      return [words.connection_lost, ...asOf].join(words.space);
    }
    const faulty = this.shown.flatMap(({ name, faults }) =>
      faults.map((fault) => fill(words.faults[fault], { name })),
    );
    return [store.notRunning ? words.not_running : null, ...faulty].filter(Boolean).join(words.space);
  }

  async _start() {
    const stops = [];
    this._stops = stops;
    const root = this.shadowRoot ?? shadow(this);
    try {
      this.words = await loadWords(languageOf(this._hass));
    } catch (error) {
      root.replaceChildren(el("p.message", { role: "alert" }, String(error)));
      this._stops = null;
      return;
    }
    if (this._stops !== stops) {
      return; // taken away while the words were coming
    }
    this.store = storeOf(this._hass);
    this.banner = el("p.banner", { role: "alert", hidden: true });
    const content = this.make();
    root.replaceChildren(...(content.contains(this.banner) ? [] : [this.banner]), content);
    this.started = true;
    this.until(
      this.store.listen((change) => {
        setTextOrHide(this.banner, this.doubt());
        this.classList.toggle("stale", this.store.lostAt !== null);
        this.changed(change);
      }),
    );
  }
}

/** A card about a period, whose figures come from the server and are asked for when they change. */
export class FiguresCard extends Card {
  days = 30;
  // How long what is asked about takes to be on record after what it belongs to has ended.
  settle = 0;
  _asked = 0;
  _question = 0;

  make() {
    this._problem = el("p.problem", { role: "alert", hidden: true });
    this._content = el("div.figures");
    this._drawn = null;
    this.until(() => clearTimeout(this._asking));
    this._ask();
    return el("div.page", {}, this._problem, this._content);
  }

  /** What ends changes the figures: asked about at once, and in a storm once in a while. */
  changed({ removed }) {
    if (removed.length && !this._asking) {
      const rest = this._asked + PAUSE - performance.now();
      this._asking = setTimeout(() => this._ask(), Math.max(this.settle, rest));
    }
    this.draw();
  }

  /** The communities of the answer that are shown here; null until there is one. */
  get communities() {
    return this._answer?.filter(({ id }) => this.shows(id)) ?? null;
  }

  /** What is asked; the answer has communities. */
  question() {
    return { type: "smart_community/overview", days: this.days, language: this.store.language };
  }

  /** A community's part, under its name where there are several. */
  section({ name }, ...content) {
    const title = this.communities.length > 1 ? el("h2", {}, name) : null;
    return el("section", { "aria-label": name }, title, ...content);
  }

  /** What is shown beside the answer. */
  live() {
    return this.shown;
  }

  /** Only another picture is drawn: what somebody reads, copies or has opened stays as it is. */
  draw() {
    if (!this._answer || !this.store.words) {
      return;
    }
    const drawn = JSON.stringify([this.days, this.communities, this.live()]);
    if (drawn !== this._drawn) {
      this._drawn = drawn;
      renew(this._content, this.show());
    }
  }

  /** Ask about another period; what is shown meanwhile is of the one before, and looks like it. */
  ask(days) {
    this.days = days;
    this._content.setAttribute("aria-busy", "true");
    this.draw();
    this._ask();
  }

  async _ask() {
    this._asking = null;
    this._asked = performance.now();
    const question = ++this._question;
    try {
      const { communities } = await this.hass.callWS(this.question());
      // A slow answer about another period must not stand under the newer question.
      if (question === this._question) {
        this._answer = communities;
        setTextOrHide(this._problem, this.communities.length ? "" : this.words.nobody);
      }
    } catch (error) {
      const problem = await said(this.hass, error);
      if (question === this._question) {
        setTextOrHide(this._problem, problem);
      }
    }
    if (question === this._question) {
      this._content.removeAttribute("aria-busy");
      this.draw();
    }
  }
}
