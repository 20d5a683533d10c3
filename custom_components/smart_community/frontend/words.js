// Words and times in the user's language.

const LOADED = new Map();

/** Chinese for any Chinese, else English. */
export function languageOf(hass) {
  const language = hass.locale?.language ?? hass.language ?? "en";
  return language.startsWith("zh") ? "zh-Hans" : "en";
}

export function loadWords(language) {
  if (!LOADED.has(language)) {
    const loading = fetch(new URL(`words/${language}.json`, import.meta.url)).then((answer) => {
      if (!answer.ok) {
        throw new Error(`words/${language}.json: ${answer.status}`);
      }
      return answer.json();
    });
    // A failure is tried again by the next who asks.
    loading.catch(() => LOADED.delete(language));
    LOADED.set(language, loading);
  }
  return LOADED.get(language);
}

/** "{who} in {time}" with its values. */
export function fill(sentence, values = {}) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** A refusal of the server in the user's language; its English text where we have no better. */
export async function said(hass, error) {
  // The connection's own errors are numbers; what could not be fetched at all is a TypeError.
  const code = error?.error?.code ?? error?.code ?? error;
  if (typeof code === "number" || error instanceof TypeError) {
    return (await loadWords(languageOf(hass))).no_connection;
  }
  if (error?.translation_domain && error.translation_key) {
    const { translation_domain: domain, translation_key: name } = error;
    const localize = await hass.loadBackendTranslation("exceptions", domain);
    const key = `component.${domain}.exceptions.${name}.message`;
    const sentence = localize(key, error.translation_placeholders ?? {});
    if (sentence) {
      return sentence;
    }
  }
  return error?.message ?? String(error);
}

/** "residents' committee" where a line begins. */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const pad = (number) => String(number).padStart(2, "0");

/** A span in seconds as a clock shows it: 4:05, 1:04:05; days in words. */
export function span(seconds, words) {
  const whole = Math.max(0, Math.round(seconds));
  const [days, hours] = [Math.floor(whole / 86400), Math.floor((whole % 86400) / 3600)];
  const minutes = Math.floor((whole % 3600) / 60);
  if (days) {
    return fill(words.days_hours, { days, hours });
  }
  const rest = pad(whole % 60);
  return hours ? `${hours}:${pad(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** A span that is over, in words: 45 s, 3 min 20 s, 26 min, 1 h 4 min; days as above. */
export function lasted(seconds, words) {
  // "0 s" would read as if nothing had been measured.
  if (seconds < 1) {
    return words.lasted.instant;
  }
  const whole = Math.round(seconds);
  if (whole < 60) {
    return fill(words.lasted.seconds, { seconds: whole });
  }
  if (whole < 600 && whole % 60) {
    const minutes = Math.floor(whole / 60);
    return fill(words.lasted.minutes_seconds, { minutes, seconds: whole % 60 });
  }
  const rounded = Math.round(whole / 60);
  const [hours, minutes] = [Math.floor(rounded / 60), rounded % 60];
  if (hours >= 24) {
    return fill(words.days_hours, { days: Math.floor(hours / 24), hours: hours % 24 });
  }
  return fill(hours ? words.lasted.hours_minutes : words.lasted.minutes, { hours, minutes });
}

/** The user's own time zone, or the house's: which of the two, the user has chosen. */
const zoneOf = (hass) => (hass.locale?.time_zone === "local" ? undefined : hass.config?.time_zone);

/** The day with its year, for what is kept for years. */
export function day(hass, moment) {
  return moment.toLocaleDateString(languageOf(hass), { timeZone: zoneOf(hass), dateStyle: "long" });
}

/** A calendar day, "2026-11-24", of a period. */
export function shortDay(hass, day) {
  const date = new Date(`${day}T00:00Z`);
  return date.toLocaleDateString(languageOf(hass), { timeZone: "UTC", month: "short", day: "numeric" });
}

/** The hour, with the day if it is not today, in the zone that the user has chosen. */
export function clock(hass, moment) {
  const zone = zoneOf(hass);
  const language = languageOf(hass);
  const day = (one) => one.toLocaleDateString(language, { timeZone: zone });
  const time = moment.toLocaleTimeString(language, {
    timeZone: zone,
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
  if (day(moment) === day(new Date())) {
    return time;
  }
  const date = moment.toLocaleDateString(language, {
    timeZone: zone,
    month: "short",
    day: "numeric",
  });
  return `${date} ${time}`;
}
