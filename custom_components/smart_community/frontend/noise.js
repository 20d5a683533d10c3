// What the noise meters measured, by incident: what is laid on the table in a mediation.

import { FiguresCard } from "./card.js";
import { curve } from "./curve.js";
import { el, icon } from "./dom.js";
import { iconOf } from "./icons.js";
import { nameOf } from "./phrases.js";
import { clock } from "./words.js";

const loudestOf = (curves) => curves.reduce((one, other) => (other.laeq > one.laeq ? other : one));

export class Noise extends FiguresCard {
  settle = 1000;

  make() {
    this._rows = new Map();
    return super.make();
  }

  question() {
    return { type: "smart_community/noise" };
  }

  /** The first piece of a curve is written when its incident opens. */
  changed(change) {
    super.changed({ removed: [...change.removed, ...change.added] });
  }

  show() {
    const measured = this.communities.filter(({ incidents }) => incidents.length);
    if (!measured.length) {
      return [el("p.message.quiet", {}, this.words.noise.none)];
    }
    const newest = measured.flatMap(({ incidents }) => incidents).map((one) => one.opened_at).sort().at(-1);
    return measured.map((community) => {
      const rows = community.incidents.map((one) => this._row(one, one.opened_at === newest));
      return this.section(community, el("ul.evidence", {}, ...rows));
    });
  }

  /** An incident whose curves are the same keeps its element, and the curves that it has drawn. */
  _row(incident, open) {
    const key = JSON.stringify(incident);
    const known = this._rows.get(incident.id);
    if (known?.key === key) {
      return known.element;
    }
    const element = this._make(incident, known ? known.element.querySelector("details").open : open);
    this._rows.set(incident.id, { key, element });
    return element;
  }

  _make(incident, open) {
    const { noise: words, curve: levels } = this.words;
    const loudest = loudestOf(incident.curves);
    const limits = [...new Set((loudest.limits ?? []).map(({ level }) => level))];
    const facts = [
      [words.limit, limits.length ? `${limits.join(" / ")} dB(A)` : "–"],
      [words.measured, `${loudest.laeq} dB(A)`],
      [levels.lmax, `${Math.max(...incident.curves.map(({ lmax }) => lmax))} dB(A)`],
    ];
    const name = nameOf(this.store, incident, this.words);
    const clocked = (moment) => clock(this.hass, new Date(moment));
    const figures = el("div");
    return el(
      "li.community",
      { style: "--severity: var(--moderate)" },
      el(
        "h3.name",
        {},
        icon(iconOf(incident.loop)),
        el("a", { href: `/smart-community/desk?incident=${incident.id}` }, name),
      ),
      el("p.quiet", {}, `${clocked(incident.opened_at)} · № ${incident.number}`),
      el(
        "dl.levels",
        {},
        ...facts.map(([term, value]) =>
          el("div", {}, el("dt.quiet", {}, term), el("dd", {}, value)),
        ),
      ),
      el(
        "details",
        {
          open,
          // A curve is fetched when somebody looks at it: a year's would be hundreds.
          ontoggle: (event) => {
            if (event.target.open && !figures.childElementCount) {
              figures.append(
                ...incident.curves.map((one) => curve(this.hass, this.words, clocked, one)),
              );
            }
          },
        },
        el("summary", {}, words.curves),
        figures,
      ),
    );
  }
}
