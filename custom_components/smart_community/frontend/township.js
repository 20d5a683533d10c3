// All communities beside each other: where it burns first.

import { Card } from "./card.js";
import { el, renew } from "./dom.js";
import { byUrgency } from "./store.js";
import { dueLine, nameOf } from "./phrases.js";
import { everySecond } from "./ticker.js";
import { span } from "./words.js";

const SEVERITIES = ["extreme", "severe", "moderate", "minor"];
const TIERS = ["property", "committee", "department", "township"];

export class Township extends Card {
  make() {
    this._list = el("ul.communities");
    this.until(everySecond(() => this.changed()));
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
    renew(this._list, rows.map((row) => this._community(row)));
  }

  _community({ community, open }) {
    const { words, store } = this;
    const [first] = open;
    const counts = SEVERITIES.map((name) => [name, open.filter((one) => one.severity === name)]);
    const highest = TIERS.findLast((tier) => open.some((one) => one.tier === tier));
    const oldest = open.reduce((age, one) => Math.max(age, this._age(one)), 0);
    return el(
      "li.community",
      { style: `--severity: var(--${first?.severity ?? "minor"})` },
      el("h2", {}, community.name),
      el(
        "p.chips",
        {},
        ...counts
          .filter(([, found]) => found.length)
          .map(([name, found]) => el("span.chip", {}, `${words.severity[name]} ${found.length}`)),
      ),
      first
        ? el(
            "p",
            {},
            el("a", { href: `/smart-community/desk?incident=${first.id}` }, nameOf(store, first, words)),
          )
        : el("p.quiet", {}, words.none_open),
      first ? el("p.countdown", {}, dueLine(store, first, words)) : null,
      first
        ? el(
            "p.quiet",
            {},
            `${words.township.highest}${words.colon}${store.words.tiers[highest] ?? "–"} · `,
            `${words.township.oldest}${words.colon}${span(oldest, words)}`,
          )
        : null,
    );
  }

  _age(incident) {
    return (this.store.now() - Date.parse(incident.first_alarm_at)) / 1000;
  }
}

const worst = (open) => (open.length ? SEVERITIES.indexOf(open[0].severity) : SEVERITIES.length);
