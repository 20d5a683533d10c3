// One style sheet for all cards, in the colours of the theme that the user has chosen.

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host {
  display: block;
  /* On a dashboard of somebody's own a card has a column, however wide the screen is. */
  container-type: inline-size;
  align-self: flex-start;
  color: var(--primary-text-color);
  font-size: 1rem;
  line-height: 1.4;
  --extreme: var(--error-color, #db4437);
  --severe: var(--warning-color, #ffa600);
  --moderate: var(--info-color, #039be5);
  --minor: var(--secondary-text-color, #727272);
  --calm: var(--success-color, #43a047);
  /* Where a card fills the page Home Assistant makes cards square: rows and tiles are no such cards. */
  --round: var(--ha-border-radius-lg, 12px);
  /* Darkened, so that white on it can be read in any theme. */
  --deed: color-mix(in srgb, var(--primary-color) 62%, black);
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
h2, h3, p, ul, ol, dl, dd { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h2 { font-size: 1.35rem; line-height: 1.25; font-weight: 600; }
h3 { font-size: 1rem; font-weight: 600; margin-block: 1.25rem .5rem; }
.figures h2, table + * { margin-block-start: .75rem; }
.figures h2 { margin-block-end: .5rem; }
button, input, select, textarea { font: inherit; color: inherit; }
button {
  border: 0;
  border-radius: var(--ha-border-radius-lg, 12px);
  background: none;
  cursor: pointer;
  touch-action: manipulation;
}
:focus-visible { outline: 3px solid var(--deed); outline-offset: 2px; }
@media (prefers-color-scheme: dark) { :focus-visible { outline-color: var(--primary-color); } }
h2:focus { outline: none; }
.quiet { color: var(--secondary-text-color); }
.deed {
  min-height: 3.5rem;
  min-width: 6.5rem;
  padding: .25rem .9rem;
  font-size: 1.2rem;
  font-weight: 700;
  line-height: 1.15;
  background: var(--secondary-background-color);
  border: 1px solid var(--divider-color);
}
.deed.first { background: var(--deed); border-color: transparent; color: #fff; }
.deed.small { min-height: 3rem; font-size: 1rem; font-weight: 500; }
[aria-disabled="true"] { opacity: .55; cursor: progress; }
.chip {
  display: inline-block;
  padding: .1rem .6rem;
  border-radius: 1rem;
  border: 1px solid var(--severity, currentColor);
  background: color-mix(in srgb, var(--severity, transparent) 18%, transparent);
  font-size: .85rem;
  font-weight: 600;
  white-space: nowrap;
}
.banner {
  padding: .6rem .9rem;
  border-inline-start: 6px solid var(--error-color);
  background: var(--secondary-background-color);
  font-weight: 600;
}
/* What may be out of date must not look like what is. */
:host(.stale) .rows, :host(.stale) .incident header, :host(.stale) .figures,
:host(.stale) .communities, :host(.stale) .facts { filter: grayscale(1); }
.message { padding: 2rem 1rem; text-align: center; }
.message.calm::before {
  content: "✓" / ""; display: block; font-size: 3.5rem; line-height: 1.2; color: var(--success-color);
}
.said { display: flex; gap: .5rem; font-weight: 600; padding-block-end: .6rem; }
.said::before { content: "✓" / ""; color: var(--success-color); }

/* The duty desk: a list, and beside it the incident that was chosen. */
.desk {
  display: flex;
  flex-direction: column;
  height: var(--height, 100dvh);
  max-width: 100rem;
  margin-inline: auto;
}
.top { display: grid; gap: .5rem; padding: .6rem .75rem; }
.filters { display: flex; gap: .4rem; overflow-x: auto; scrollbar-width: none; padding: 3px; }
.filters button {
  min-height: 2.75rem;
  padding: 0 .9rem;
  white-space: nowrap;
  border: 1px solid var(--divider-color);
  background: var(--card-background-color);
}
.filters [aria-pressed="true"] { background: var(--deed); color: #fff; border-color: transparent; }
.panes { flex: 1; display: grid; grid-template-columns: minmax(0, 1fr); min-height: 0; }
.scroll { overflow-y: auto; position: relative; min-height: 0; overscroll-behavior: contain; }
.pane { overflow-y: auto; min-height: 0; background: var(--card-background-color); }
.desk.open .top, .desk.open .list { display: none; }
.desk:not(.open) .pane { display: none; }
@container (min-width: 700px) {
  .panes { grid-template-columns: minmax(22rem, 2fr) 3fr; gap: .75rem; padding: 0 .75rem .75rem; }
  .pane { border-radius: var(--round); border: 1px solid var(--divider-color); }
  .desk.open .top { display: grid; }
  .desk.open .list { display: block; }
  .desk:not(.open) .pane { display: block; }
  .pane .back { display: none; }
}

/* A row of the list: every row is as high as the others, which is what makes the list fast. */
.rows { position: relative; }
.row {
  position: absolute;
  inset-inline: .5rem;
  height: 9.5rem;
  display: grid;
  grid-template-columns: 8px minmax(0, 1fr) auto;
  align-items: stretch;
  overflow: hidden;
  background: var(--card-background-color);
  border: 1px solid var(--divider-color);
  border-radius: var(--round);
}
.row[data-severity="extreme"] {
  background: color-mix(in srgb, var(--extreme) 10%, var(--card-background-color));
  border-color: var(--extreme);
}
.row.chosen { border-color: var(--primary-color); box-shadow: inset 0 0 0 1px var(--primary-color); }
.bar { background: var(--severity); }
.row .open {
  display: grid;
  align-content: center;
  padding: .35rem .6rem;
  text-align: start;
  border-radius: 0;
  min-width: 0;
}
.row .open:focus-visible { outline-offset: -4px; }
.row .open > * { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.row .what { display: flex; gap: .4rem; align-items: center; font-size: .95rem; }
/* Where to run to is not cut off. */
.row .open > .zone {
  font-weight: 700; font-size: 1.1rem; line-height: 1.15; white-space: normal;
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2;
}
.row .what span { overflow: hidden; text-overflow: ellipsis; }
.row .what ha-icon { color: var(--severity); flex: none; }
.row .due { font-variant-numeric: tabular-nums; font-weight: 500; line-height: 1.3; }
.row .due::first-letter, .countdown::first-letter { text-transform: uppercase; }
.row .state, .row .told { font-size: .85rem; line-height: 1.3; }
.facts li > span::first-letter, .asked > span::first-letter, .facts .quiet::first-letter, .chips > span::first-letter { text-transform: uppercase; }
.row > .deed { align-self: center; margin-inline-end: .5rem; max-width: 8rem; }

/* Figures. */
.page { max-width: 70rem; margin-inline: auto; padding: .75rem; display: grid; gap: .75rem; }
.figures { display: grid; gap: 1rem; }
/* Else a wide table would widen the page instead of scrolling. */
.page, .figures { grid-template-columns: minmax(0, 1fr); }
table { width: 100%; border-collapse: collapse; background: var(--card-background-color); }
th, td { padding: .6rem .5rem; text-align: end; border-block-end: 1px solid var(--divider-color); }
th { font-weight: 500; }
th:first-child { text-align: start; }
thead th { color: var(--secondary-text-color); font-size: .9rem; }
tbody .name { display: flex; gap: .6rem; align-items: center; }
tbody ha-icon { color: var(--secondary-text-color); flex: none; }
.busy th, .busy td { font-weight: 700; }
.busy ha-icon { color: var(--severity); }
td { font-variant-numeric: tabular-nums; white-space: nowrap; }
.stacked td { white-space: normal; }
@container (max-width: 700px) { table:not(.stacked) :is(th, td) { padding-inline: .3rem; font-size: .9rem; } }
.stacked th, .stacked td { text-align: start; vertical-align: top; }
/* On a phone each row is a card, and each cell says what it is. */
@container (max-width: 700px) {
  .stacked thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .stacked tr { display: grid; padding: .6rem .75rem; border-block-end: 1px solid var(--divider-color); }
  .stacked th, .stacked td { padding: .15rem 0; border: 0; }
  .stacked th { font-weight: 600; padding-block-end: .3rem; }
  .stacked td { display: grid; grid-template-columns: minmax(5rem, 1fr) 2fr; gap: .75rem; }
  .stacked td::before { content: attr(data-label); color: var(--secondary-text-color); }
}
/* As Home Assistant's own switches look, with the word beside it: colour alone says nothing. */
.switch {
  display: inline-flex; gap: .5rem; align-items: center; justify-content: end;
  min-height: 2.75rem; min-width: 4.5rem; padding: 0 .2rem;
}
.switch::after {
  content: ""; width: 2.6rem; height: 1.5rem; flex: none; border-radius: 1rem;
  border: 2px solid var(--secondary-text-color);
  background: radial-gradient(circle at .6rem 50%, var(--secondary-text-color) .45rem, transparent .5rem);
}
.switch.on::after {
  border-color: var(--deed);
  background: radial-gradient(circle at calc(100% - .6rem) 50%, #fff .45rem, var(--deed) .5rem);
}
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .6rem; }
.tile {
  padding: .75rem 1rem; background: var(--card-background-color);
  border: 1px solid var(--divider-color); border-radius: var(--round);
}
.tile dd { font-size: 1.6rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.chart {
  width: 100%; height: 9rem; background: var(--card-background-color);
  border-block-end: 2px solid var(--secondary-text-color);
}
.chart .real, .legend .real { fill: var(--deed); background: var(--deed); }
.chart .false, .legend .false { fill: var(--warning-color); background: var(--warning-color); }
.axis { display: flex; justify-content: space-between; font-size: .9rem; padding-block: .2rem .5rem; }
.legend { display: flex; gap: .5rem; align-items: center; padding-block: .3rem .8rem; }
.legend span { width: 1rem; height: 1rem; border-radius: 3px; }
.communities { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: .75rem; }
.community {
  padding: 1rem; display: grid; gap: .4rem; align-content: start; background: var(--card-background-color);
  border: 1px solid var(--divider-color); border-inline-start: 6px solid var(--severity);
  border-radius: var(--round);
}
.evidence { display: grid; gap: .75rem; grid-template-columns: minmax(0, 1fr); }
.evidence .name { display: flex; gap: .5rem; align-items: center; margin: 0; font-size: 1.1rem; }
summary { min-height: 2.75rem; padding-block: .6rem; cursor: pointer; font-weight: 600; }
a { color: inherit; }
/* A finger needs as much room on a link that stands alone as on a button. */
a.way, .facts .title a, .name a { display: inline-flex; align-items: center; min-height: 2.75rem; }
.figures[aria-busy] > :not(.filters) { opacity: .5; }

/* The incident. */
.incident { padding: .75rem 1rem 0; }
.bare > :not(.back, .problem) { display: none; }
.incident header { display: grid; gap: .3rem; justify-items: start; }
.incident .chips { gap: .6rem; }
.incident header .what { display: flex; gap: .6rem; align-items: flex-start; }
.incident header ha-icon { --mdc-icon-size: 2rem; color: var(--severity); flex: none; }
.chips { display: flex; flex-wrap: wrap; gap: .4rem; align-items: center; }
.countdown { font-size: 1.35rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.back { min-height: 3rem; padding-inline: .5rem; display: inline-flex; gap: .4rem; align-items: center; }
.facts li {
  display: grid;
  grid-template-columns: 1.75rem minmax(0, 1fr);
  gap: .4rem;
  padding-block: .35rem;
  border-block-end: 1px solid var(--divider-color);
}
.facts ha-icon { color: var(--secondary-text-color); }
.facts .good ha-icon { color: var(--success-color); }
.facts .bad ha-icon { color: var(--error-color); }
.facts .title { font-weight: 600; }
.facts .now { font-weight: 600; }
.facts .now ha-icon { color: var(--primary-color); }
.ways li { grid-template-columns: 1.75rem minmax(0, 1fr) minmax(0, auto); align-items: center; }
.ways .asked { display: grid; line-height: 1.3; }
.ways .quiet { font-size: .9rem; font-weight: 400; }
.ways .state { max-width: 11.5rem; text-align: end; font-variant-numeric: tabular-nums; }
/* A digest is one word of 64 letters. */
.timeline li { overflow-wrap: anywhere; padding-block: .3rem; border-block-end: 1px solid var(--divider-color); }
.digest { font-size: .75rem; color: var(--secondary-text-color); }
.timeline time { font-variant-numeric: tabular-nums; font-weight: 600; }
.actions {
  position: sticky;
  bottom: 0;
  margin-inline: -1rem;
  padding: .75rem 1rem calc(.75rem + env(safe-area-inset-bottom));
  background: var(--card-background-color);
  border-block-start: 1px solid var(--divider-color);
  margin-block-start: 1rem;
}
.buttons { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .6rem; }
/* The one button of now is the widest; a phone shows what it is about, not six buttons. */
.deeds { display: flex; flex-wrap: wrap; }
.deeds .deed { flex: 1 1 6.5rem; min-width: 0; padding-inline: .4rem; font-size: 1.1rem; }
.deeds .first { flex: 2 1 12rem; font-size: 1.2rem; }
.deeds .small, .deeds .more { font-size: 1rem; font-weight: 500; }
@container (min-width: 700px) { .deeds .more { display: none; } }
@container (max-width: 699.98px) { .deeds:not(.all) .small { display: none; } }
.form { display: grid; gap: .75rem; max-width: 44rem; }
.form fieldset { border: 0; margin: 0; padding: 0; display: grid; gap: .4rem; }
.form legend { font-weight: 600; padding: 0; margin-block-end: .4rem; }
.form label.choice {
  display: flex; gap: .6rem; align-items: center; min-height: 3rem; padding-inline: .75rem;
  border: 1px solid var(--divider-color); border-radius: 12px;
}
.form label.choice input { width: 1.4rem; height: 1.4rem; accent-color: var(--deed); }
.form textarea, .form select, .form input[type=text] {
  width: 100%; min-height: 3rem; padding: .6rem; border-radius: 12px;
  border: 1px solid var(--secondary-text-color); background-color: var(--primary-background-color);
}
/* The browser's own arrow sticks to the edge. */
.form select {
  appearance: none; padding-inline-end: 2.5rem; background-repeat: no-repeat;
  background-image: linear-gradient(45deg, transparent 50%, currentColor 50%),
    linear-gradient(-45deg, transparent 50%, currentColor 50%);
  background-position: right 1.35rem center, right 1rem center;
  background-size: .4rem .4rem;
}
.form label.field { display: grid; gap: .3rem; font-weight: 600; }
.form label.field > * { font-weight: 400; }
.done { display: flex; gap: .6rem; align-items: center; font-size: 1.2rem; padding-block: 1rem; }
.done ha-icon { color: var(--success-color); }
a.deed { display: grid; place-items: center; text-decoration: none; border-radius: 12px; }
.measured { margin: 0 0 1rem; }
.curve {
  display: block; width: 100%; background: var(--primary-background-color); border-radius: 8px;
  margin-block: .4rem;
}
.curve .measured { fill: none; stroke: var(--primary-color); stroke-width: 2; }
.curve line.measured { stroke: var(--primary-color); stroke-width: 2; }
.curve .laeq { stroke: var(--secondary-text-color); stroke-width: 2; stroke-dasharray: 8 5; }
.curve .limit { stroke: var(--error-color); stroke-width: 3; stroke-dasharray: 2 3; }
.key { display: flex; flex-wrap: wrap; gap: .2rem 1rem; font-size: .9rem; }
.key li { display: flex; gap: .4rem; align-items: center; }
.key .curve { width: 2rem; height: .5rem; flex: none; margin: 0; }
.curve .grid { stroke: var(--divider-color); }
.curve .label { fill: var(--secondary-text-color); font-size: 12px; }
@container (max-width: 700px) { .curve .label { font-size: 20px; } }
.levels { padding-block-start: .4rem; display: grid; grid-template-columns: repeat(auto-fit, minmax(6.5rem, 1fr)); gap: .3rem .8rem; }
.levels dd { font-weight: 600; font-variant-numeric: tabular-nums; }
.photo {
  display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; min-height: 3.5rem;
  padding-inline: .9rem; border: 2px dashed var(--secondary-text-color); border-radius: 12px;
  font-weight: 600; cursor: pointer; position: relative;
}
.photo:focus-within { outline: 3px solid var(--deed); outline-offset: 2px; }
.photo .unseen { position: absolute; opacity: 0; width: 1px; height: 1px; }
.preview { width: 100%; max-height: 12rem; object-fit: cover; border-radius: 8px; }
.photos { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: .5rem; }
.photos img { width: 100%; height: 8rem; object-fit: cover; border-radius: 8px; display: block; }
.plan { margin: 1rem 0 0; }
.plan figcaption { display: flex; flex-wrap: wrap; gap: .3rem .8rem; align-items: center; padding-block: .4rem; }
.stage { position: relative; line-height: 0; background: #fff; border-radius: 8px; overflow: hidden; }
.stage img { width: 100%; display: block; }
.marks { position: absolute; inset: 0; pointer-events: none; }
.spot { position: absolute; transform: translate(-50%, -50%); color: #455a64; --mdc-icon-size: 14px; }
.spot.lit {
  --mdc-icon-size: 24px; color: #fff; background: #c62828; border-radius: 50%; padding: 6px;
  box-shadow: 0 0 0 6px rgb(198 40 40 / 35%);
}
.tag {
  position: absolute; inset-block-start: calc(100% + 8px); inset-inline-start: 50%;
  transform: translateX(calc(var(--shift) * -100%)); max-width: 7rem; padding: .1rem .4rem;
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-size: .8rem; line-height: 1.3;
  font-weight: 600; color: #fff; background: #8e1b1b; border-radius: 6px;
}
.spot.cross { color: #1565c0; --mdc-icon-size: 20px; }
@media (prefers-reduced-motion: no-preference) {
  .spot.lit { animation: lit 1.2s ease-in-out infinite alternate; }
  @keyframes lit { to { box-shadow: 0 0 0 14px rgb(198 40 40 / 15%); } }
}
.target { position: absolute; inset: 0; width: 100%; height: 100%; cursor: crosshair; border-radius: 8px; }
.problem { color: color-mix(in srgb, var(--error-color) 55%, var(--primary-text-color)); font-weight: 600; }
`);

/** An open shadow root with the style sheet. */
export function shadow(host) {
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet];
  return root;
}
