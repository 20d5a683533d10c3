// Drills: the real ladder to the real people, marked as an exercise; begun here, and looked back at.

import { announce } from "./announcer.js";
import { FiguresCard } from "./card.js";
import { el, icon, once, renew, setTextOrHide } from "./dom.js";
import { capital, clock, said } from "./words.js";

const TIERS = ["property", "committee", "department", "township"];
const FIRST = "smoke_multiple";

export class Drills extends FiguresCard {
  days = 366;

  make() {
    this._past = null;
    return super.make();
  }

  /** The form stays as it is being filled in; the list below it follows what happens. */
  draw() {
    if (!this.communities || !this.store.words) {
      return;
    }
    const { drills: words } = this.words;
    if (!this._past) {
      const may = this.communities.filter((one) => one.may.includes("drill"));
      this._past = el("ul.facts");
      this._content.replaceChildren(
        ...(may.length ? [this._make(may)] : []),
        el("section", { "aria-label": words.past }, el("h3", {}, words.past), this._past),
      );
    }
    const past = this.communities.flatMap((community) => community.drills).reverse();
    const rows = past.map((drill) => this._row(drill));
    renew(this._past, rows.length ? rows : [el("li.quiet", {}, words.none)]);
  }

  changed(change) {
    // A drill that begins is news as well.
    super.changed({ removed: [...change.removed, ...change.added.filter((one) => one.drill)] });
  }

  _row(drill) {
    const loop = this.store.words.loops[drill.loop] ?? drill.loop;
    const when = clock(this.hass, new Date(drill.opened_at));
    return el(
      "li",
      {},
      icon("mdi:bullhorn"),
      el(
        "span",
        {},
        el("a", { href: `/smart-community/desk?incident=${drill.id}` }, `${when} ${loop}`),
        `${this.words.colon}${this.store.words.status[drill.status]}`,
      ),
    );
  }

  _make(communities) {
    const { drills: words } = this.words;
    const option = ([value, text], chosen) =>
      el("option", { value, selected: value === chosen }, text);
    const choice = (name, pairs, chosen) =>
      el("select", { name }, ...pairs.map((pair) => option(pair, chosen)));
    const field = (title, input) => el("label.field", {}, title, input);
    const loops = Object.entries(this.store.words.loops);
    const tiers = TIERS.map((tier) => [tier, capital(this.store.words.tiers[tier])]);
    const zone = el("input", { name: "zone", type: "text", autocomplete: "off" });
    const problem = el("p.problem", { role: "alert", hidden: true });
    const begun = el("p.said", { hidden: true });
    const send = el("button.deed.first", { type: "submit" }, words.begin);
    return el(
      "form.form",
      {
        novalidate: true,
        "aria-label": words.title,
        onsubmit: (event) => {
          event.preventDefault();
          const data = Object.fromEntries(new FormData(event.target));
          once(send, () => this._begin(data, { zone, problem, begun }));
        },
      },
      el("p", {}, words.what),
      field(words.community, choice("community", communities.map((one) => [one.id, one.name]))),
      field(words.loop, choice("loop", loops, FIRST)),
      field(words.zone, zone),
      field(words.up_to, choice("up_to", tiers, "committee")),
      problem,
      begun,
      el("div.buttons", {}, send),
    );
  }

  async _begin(data, { zone, problem, begun }) {
    const { drills: words } = this.words;
    setTextOrHide(begun, "");
    if (!data.zone.trim()) {
      setTextOrHide(problem, words.missing_zone);
      zone.focus();
      return;
    }
    setTextOrHide(problem, "");
    try {
      await this.hass.callService("smart_community", "drill", data);
      zone.value = "";
      setTextOrHide(begun, words.begun);
      announce(words.begun);
    } catch (error) {
      setTextOrHide(problem, await said(this.hass, error));
    }
  }
}
