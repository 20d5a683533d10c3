// All communities beside each other: where it burns first.

import { Card } from "./card.js";
import { el, renew, setText } from "./dom.js";
import { byUrgency } from "./store.js";
import { dueLine, nameOf } from "./phrases.js";
import { everySecond } from "./ticker.js";
import { span } from "./words.js";

const SEVERITIES = ["extreme", "severe", "moderate", "minor"];
const TIERS = ["property", "committee", "department", "township"];

export class Township extends Card {
  make() {
    this._list = el("ul.communities");
    this.until(everySecond(() => this._tick()));
    return el("div.page", {}, this._list);
  }

  changed() {
    if (!this.store.communities || !this.store.words) {
      return;
    }
    const { incidents } = this;
    const rows = this.shown.map((community) => ({
      community,
      open: incidents.filter((one) => one.community === community.id).sort(byUrgency),
    }));
    rows.sort((one, other) => worst(one.open) - worst(other.open));
    const cards = rows.map((row) => this._community(row));
    renew(this._list, cards.map(({ element }) => element));
    this._clocks = cards.flatMap(({ clocks }) => clocks);
    this._tick();
  }

  /** Only the clocks: a link that is made anew under a finger is not followed. */
  _tick() {
    this._clocks?.forEach((tick) => tick());
  }

  _community({ community, open }) {
    const { words, store } = this;
    const [first] = open;
    const title = el("h2", {}, community.name);
    const severity = { style: `--severity: var(--${first?.severity ?? "calm"})` };
    if (!first) {
      return { element: el("li.community", severity, title, el("p.quiet", {}, words.none_open)), clocks: [] };
    }
    const counts = SEVERITIES.map((name) => [name, open.filter((one) => one.severity === name)]);
    const highest = TIERS.findLast((tier) => open.some((one) => one.tier === tier));
    const due = el("p.countdown");
    const oldest = el("p.quiet");
    const element = el(
      "li.community",
      severity,
      title,
      el(
        "p.chips",
        {},
        ...counts
          .filter(([, found]) => found.length)
          .map(([name, found]) =>
            el("span.chip", { style: `--severity: var(--${name})` }, `${words.severity[name]} ${found.length}`),
          ),
      ),
      el("a.way", { href: `/smart-community/desk?incident=${first.id}` }, nameOf(store, first, words)),
      due,
      el("p.quiet", {}, `${words.township.highest}${words.colon}${store.words.tiers[highest] ?? "–"}`),
      oldest,
    );
    const tick = () => {
      const age = open.reduce((most, one) => Math.max(most, this._age(one)), 0);
      setText(due, dueLine(store, first, words));
      setText(oldest, `${words.township.oldest}${words.colon}${span(age, words)}`);
    };
    return { element, clocks: [tick] };
  }

  _age(incident) {
    return (this.store.now() - Date.parse(incident.first_alarm_at)) / 1000;
  }
}

const worst = (open) => (open.length ? SEVERITIES.indexOf(open[0].severity) : SEVERITIES.length);
