// A test of everybody's channels, whose receipts are shown as they come; and a row of any test.

import { el, icon, setText } from "./dom.js";
import { DELIVERIES } from "./icons.js";
import { fill, lasted, said } from "./words.js";

/** Who was asked by what, what came back after how long, and why nothing did. */
export function testRow({ store, words, community, row, time = "" }) {
  const who = store.nameOf({ community }, row.responder);
  const how = store.words.channels[row.channel] ?? row.channel;
  const came = fill(words.tests.came, { what: words.delivery[row.state], time: lasted(row.seconds, words) });
  const [name, kind] = DELIVERIES[row.state];
  return el(
    kind ? `li.${kind}` : "li",
    {},
    icon(name),
    el(
      "span",
      {},
      time,
      fill(words.asked, { who, how }),
      row.reason ? fill(words.tests.why, { what: came, reason: row.reason }) : came,
    ),
  );
}

export class ChannelTest {
  /** `hass()` gives the newest; `done()` is called when the results are on record. */
  constructor({ store, words, hass, community, done }) {
    this._store = store;
    this._words = words;
    this._hass = hass;
    this._community = community;
    this._done = done;
    const { tests } = words;
    this._button = el("button.deed", { type: "button", onclick: () => this._begin() }, tests.send);
    this._state = el("p", { role: "status" });
    this._rows = el("ul.facts");
    // Opened first: a single slip of the thumb must not ring up a township at night.
    this.element = el(
      "details.form",
      {},
      el("summary", {}, tests.button),
      el("p", {}, tests.what),
      this._button,
      this._state,
      this._rows,
    );
  }

  /** Nothing more will be heard. */
  end() {
    this._button.disabled = false;
    setText(this._state, "");
  }

  async _begin() {
    const { _store: store, _words: words, _community: community } = this;
    this._button.disabled = true;
    this._rows.replaceChildren();
    setText(this._state, words.tests.waiting);
    let stop = null;
    const take = ({ row, done }) => {
      if (row) {
        this._rows.append(testRow({ store, words, community, row }));
      }
      if (done) {
        this._button.disabled = false;
        setText(this._state, words.tests.over);
        stop?.().catch(() => undefined);
        this._done();
      }
    };
    try {
      const message = { type: "smart_community/test_channels", community, language: store.language };
      // A connection that comes back must not ring everybody up once more.
      stop = await this._hass().connection.subscribeMessage(take, message, { resubscribe: false });
    } catch (error) {
      this._button.disabled = false;
      setText(this._state, await said(this._hass(), error));
    }
  }
}
