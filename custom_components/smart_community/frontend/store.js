// What the user sees of all communities, kept up to date by one subscription for all cards.

import { languageOf } from "./words.js";

const SEVERITIES = ["extreme", "severe", "moderate", "minor"];
const STATUSES = ["open", "acknowledged", "handled"];
const stores = new WeakMap();
// A network that is gone says nothing of its own: a phone out of reach, a server that hangs.
const ASK_EVERY = 5_000;
const ANSWER_WITHIN = 5_000;
const TRY_AGAIN = 2_000;

/** The store of a connection, made when the first card asks. */
export function storeOf(hass) {
  let store = stores.get(hass.connection);
  if (store === undefined) {
    store = new Store(hass.connection, languageOf(hass));
    stores.set(hass.connection, store);
  }
  return store;
}

/** Most urgent first: by severity, then what nobody has taken on, then the oldest. */
export function byUrgency(one, other) {
  return (
    SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity) ||
    STATUSES.indexOf(one.status) - STATUSES.indexOf(other.status) ||
    (one.opened_at < other.opened_at ? -1 : one.opened_at > other.opened_at ? 1 : 0)
  );
}

export class Store {
  constructor(connection, language) {
    this.connection = connection;
    this.language = language;
    this.incidents = new Map();
    this.communities = null;
    this.words = null;
    this.live = false;
    // Since when nothing is heard, in milliseconds; null while all is well.
    this.lostAt = null;
    this.notRunning = 0;
    this.problem = null;
    this._skew = 0;
    this._listeners = new Set();
    this._stop = null;
    this._attempt = 0;
  }

  /** Call `listener({added, changed, removed})` after each change; returns how to end it. */
  listen(listener) {
    this._listeners.add(listener);
    if (this._listeners.size === 1) {
      this._start();
    } else if (this.communities) {
      listener({ added: [], changed: [], removed: [] });
    }
    return () => {
      this._listeners.delete(listener);
      if (this._listeners.size === 0) {
        this._end();
      }
    };
  }

  /** The server's time in milliseconds: the phone's own clock may be minutes off. */
  now() {
    return Date.now() + this._skew;
  }

  /** Responder keys to names, of the incident's community. */
  namesIn(incident) {
    return this.communities?.find((one) => one.id === incident.community)?.names ?? {};
  }

  nameOf(incident, responder) {
    return this.namesIn(incident)[responder] ?? responder;
  }

  _start() {
    this._lost = () => this._fell();
    this._back = () => this._subscribe();
    this.connection.addEventListener("disconnected", this._lost);
    this.connection.addEventListener("ready", this._back);
    // A phone taken out of a pocket shows at once whether what it shows is still true.
    this._woken = () => this._ask();
    document.addEventListener("visibilitychange", this._woken);
    this._asking = setInterval(() => this._ask(), ASK_EVERY);
    if (this.connection.connected) {
      this._subscribe();
    } else {
      this._fell();
    }
  }

  /**
   * Subscribe until it succeeds. Home Assistant's own repetition gives up where a server that is
   * starting does not know our command yet, and a desk that hears nothing looks like peace.
   */
  async _subscribe() {
    const attempt = ++this._attempt;
    const message = { type: "smart_community/subscribe", language: this.language };
    const take = (said) => attempt === this._attempt && this._take(said);
    try {
      const stop = await this.connection.subscribeMessage(take, message, { resubscribe: false });
      if (attempt === this._attempt) {
        this._stop = stop;
      } else {
        stop().catch(() => undefined);
      }
    } catch (error) {
      if (attempt === this._attempt) {
        this.problem = error;
        this._fell();
        this._trying = setTimeout(() => this.connection.connected && this._subscribe(), TRY_AGAIN);
      }
    }
  }

  /** Make sure that somebody is there; a connection that does not answer is given up. */
  async _ask() {
    if (!this.live || document.hidden) {
      return;
    }
    const late = setTimeout(() => this.connection.reconnect(true), ANSWER_WITHIN);
    await this.connection.ping().catch(() => undefined);
    clearTimeout(late);
  }

  /** Nothing that is shown can be relied on from now on. */
  _fell() {
    this._attempt += 1;
    this._stop = null;
    this.live = false;
    this.lostAt ??= this.now();
    this._tell();
  }

  _end() {
    this.connection.removeEventListener("disconnected", this._lost);
    this.connection.removeEventListener("ready", this._back);
    document.removeEventListener("visibilitychange", this._woken);
    clearInterval(this._asking);
    clearTimeout(this._trying);
    const stop = this._stop;
    // What was known stays: the next card shows it at once, and knows what is new in what comes.
    this._stop = null;
    this._attempt += 1;
    this.live = false;
    // A connection that is gone has no subscription to end.
    stop?.().catch(() => undefined);
  }

  _take(message) {
    if (message.kind === "words") {
      this.words = message;
      return;
    }
    const { added = [], changed = [], removed = [] } = message;
    this._skew = Date.parse(message.now) - Date.now();
    // After a connection was lost everything is said again.
    const news = message.kind === "snapshot" && this.communities === null ? [] : added;
    const fresh = news.filter((one) => !this.incidents.has(one.id));
    if (message.kind === "snapshot") {
      this.incidents.clear();
      this.live = true;
      this.lostAt = null;
      this.problem = null;
      this.notRunning = 0;
    }
    this.notRunning = message.not_running ?? this.notRunning;
    if (message.communities) {
      this.communities = message.communities;
    }
    this.communities ??= [];
    for (const one of [...added, ...changed]) {
      this.incidents.set(one.id, one);
    }
    for (const id of removed) {
      this.incidents.delete(id);
    }
    this._tell({ added: fresh, changed, removed });
  }

  _tell(change = { added: [], changed: [], removed: [] }) {
    for (const listener of this._listeners) {
      listener(change);
    }
  }
}
