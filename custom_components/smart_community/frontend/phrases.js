// What an incident's figures mean, in a sentence.

import { fill, lasted, span } from "./words.js";

/** Who a step of the ladder asks. */
export function askedBy(store, incident, step) {
  return step.responder
    ? store.nameOf(incident, step.responder)
    : (store.words.tiers[step.tier] ?? step.tier);
}

/** The step that comes next, if time alone will take it. */
export function nextStep(incident) {
  return incident.ladder
    .filter((step) => step.state === "waiting")
    .reduce((first, step) => (first && first.due <= step.due ? first : step), null);
}

/** What happens when: the countdown of a row. */
export function dueLine(store, incident, words) {
  const due = incident.next_due;
  if (!due) {
    return words.due.none;
  }
  const time = span((Date.parse(due.at) - store.now()) / 1000, words);
  const step = nextStep(incident);
  const who = step ? askedBy(store, incident, step) : "";
  return fill(words.due[due.why] ?? words.due.none, { time, who });
}

export function loopOf(store, incident) {
  return store.words.loops[incident.loop] ?? incident.loop;
}

/** What and where: the name of an incident. */
export function nameOf(store, incident, words) {
  return `${loopOf(store, incident)}${words.separator}${incident.zone_name}`;
}

export function toldLine(incident, words) {
  const told = new Map();
  for (const notice of incident.told) {
    const confirmed = notice.receipt_at !== null;
    told.set(notice.responder, confirmed || told.get(notice.responder) === true);
  }
  if (!told.size) {
    return words.told_none;
  }
  const confirmed = [...told.values()].filter(Boolean).length;
  return fill(words.told_of, { count: told.size, confirmed });
}

/** Whose business it is now. */
export function standing(store, incident, words) {
  const taken = incident.assignee && incident.status === "acknowledged";
  return taken
    ? fill(words.on_it, { who: store.nameOf(incident, incident.assignee) })
    : store.words.status[incident.status];
}

/** How grave, and whose business it is now. */
export function stateLine(store, incident, words) {
  return `${words.severity[incident.severity]} · ${standing(store, incident, words)}`;
}

/** What people say on the phone, and how long it has lasted, or did. */
export function numberLine(store, incident, words) {
  const began = Date.parse(incident.first_alarm_at);
  const time = incident.closed_at
    ? fill(words.lasted_for, { time: lasted((Date.parse(incident.closed_at) - began) / 1000, words) })
    : fill(words.for, { time: span((store.now() - began) / 1000, words) });
  return `№ ${incident.number} · ${time}`;
}

export function detectorLine(incident, words) {
  if (!incident.sources) {
    return incident.summary;
  }
  const one = incident.sources === 1;
  if (!incident.sounding) {
    return fill(one ? words.detector_quiet : words.detectors_quiet, { count: incident.sources });
  }
  let names = incident.sounding_first.join(words.comma);
  const more = incident.sounding - incident.sounding_first.length;
  if (more > 0) {
    names = fill(words.and_more, { names, count: more });
  }
  return fill(one ? words.detector : words.detectors, { names, sounding: incident.sounding, count: incident.sources });
}

/** How much of what was closed was false; nothing is known of what is still open. */
export function share({ closed, false_alarms: wrong }, words) {
  return closed ? fill(words.percent, { share: Math.round((wrong / closed) * 100) }) : "–";
}
