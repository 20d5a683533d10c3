// One clock for all countdowns of a page; it rests while nobody looks.

const listeners = new Set();
let timer = null;

function tick() {
  for (const listener of listeners) {
    listener();
  }
}

function wind() {
  const wanted = listeners.size > 0 && !document.hidden;
  if (wanted && timer === null) {
    tick();
    timer = setInterval(tick, 1000);
  } else if (!wanted && timer !== null) {
    clearInterval(timer);
    timer = null;
  }
}

document.addEventListener("visibilitychange", wind);

/** Call `listener` once a second; returns the function that ends it. */
export function everySecond(listener) {
  listeners.add(listener);
  wind();
  return () => {
    listeners.delete(listener);
    wind();
  };
}
