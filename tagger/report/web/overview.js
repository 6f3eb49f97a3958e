// The whole library at a glance: how often, how surely, what with what.

const MOST_BARS = 12;
const compact = new Intl.NumberFormat('en', { notation: 'compact' });
const counts = { genre: new Map(), instrument: new Map() };
for (const track of tracks) {
  for (const kind of KINDS) for (const tag of track.predicted[kind]) counts[kind].set(tag.name, (counts[kind].get(tag.name) || 0) + 1);
}
const ranked = (kind) => [...counts[kind]].sort((a, b) => b[1] - a[1] || compare(a[0], b[0]));

function drawOverview() {
  for (const kind of KINDS) drawBars(kind);
  drawHistogram();
  drawTogether();
}

function drawBars(kind) {
  const rows = ranked(kind);
  const most = rows.length ? rows[0][1] : 1;
  const bars = rows.slice(0, MOST_BARS).map(([name, count]) => {
    const bar = build('span', { class: 'fill' });
    bar.style.width = `${(count / most) * 100}%`;
    const pick = () => { byId(kind).value = name; refresh(); };
    return build('li', null, build('button', { type: 'button', title: 'show only these', onclick: pick },
      build('span', { class: 'name' }, name), build('span', { class: 'track', 'aria-hidden': 'true' }, bar), build('span', { class: 'n' }, String(count))));
  });
  const rest = rows.slice(MOST_BARS);
  if (rest.length) bars.push(build('li', { class: 'none' }, `and ${plural(rest.length, 'rarer label')}`));
  byId(`bars-${kind}`).replaceChildren(...(bars.length ? bars : [build('li', { class: 'none' }, 'none')]));
}

function drawHistogram() {
  const bins = Array.from({ length: 10 }, () => ({ genre: 0, instrument: 0 }));
  for (const track of tracks) {
    for (const kind of KINDS) for (const tag of track.predicted[kind]) bins[Math.min(9, Math.floor(tag.p * 10))][kind] += 1;
  }
  const totals = bins.map((bin) => bin.genre + bin.instrument);
  const most = Math.max(1, ...totals);
  const columns = bins.map((bin, i) => {
    const stack = build('div', { class: 'stack' }, ...KINDS.map((kind) => {
      const part = build('div', { class: kind });
      part.style.height = `${(bin[kind] / most) * 100}%`;
      return part;
    }));
    return build('div', { class: 'bin' }, build('span', { class: 'n' }, totals[i] ? compact.format(totals[i]) : ''), stack, build('span', null, String(i * 10)));
  });
  const words = bins.map((_, i) => `${totals[i]} from ${i * 10}% to ${i * 10 + 10}%`).filter((_, i) => totals[i]).join(', ');
  const picture = build('div', { class: 'histogram', role: 'img', 'aria-label': `Tags by confidence: ${words || 'none'}` }, ...columns);
  const key = build('p', { class: 'key' }, ...KINDS.map((kind) => build('span', { class: kind }, `${kind}s`)), 'in %');
  byId('histogram').replaceChildren(picture, key);
}

function drawTogether() {
  const names = Object.fromEntries(KINDS.map((kind) => [kind, ranked(kind).slice(0, MOST_BARS).map(([name]) => name)]));
  const pairs = new Map();
  for (const track of tracks) {
    for (const genre of track.predicted.genre) for (const instrument of track.predicted.instrument) {
      const key = `${genre.name}\n${instrument.name}`;
      pairs.set(key, (pairs.get(key) || 0) + 1);
    }
  }
  const most = Math.max(1, ...pairs.values());
  const head = build('tr', null, build('td'), ...names.genre.map((name) => build('th', { scope: 'col' }, build('span', null, name))));
  const rows = names.instrument.map((instrument) => build('tr', null, build('th', { scope: 'row' }, instrument),
    ...names.genre.map((genre) => {
      const count = pairs.get(`${genre}\n${instrument}`) || 0;
      const cell = build('td', null, count ? String(count) : '');
      cell.style.setProperty('--share', `${(count / most) * 45}%`);
      return cell;
    })));
  byId('together').replaceChildren(build('table', { class: 'together' }, build('thead', null, head), build('tbody', null, ...rows)));
}
