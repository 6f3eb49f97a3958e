// When each label was found in a track: a picture, and the same as text.

const MOST_LABELS = 14;
// Viridis (S. van der Walt and N. Smith, 2015) at five points: even in lightness, and told apart
// by colour-blind people.
const VIRIDIS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

// The labels worth showing: those given as tags, then the others by their best slice.
function shownLabels(track, scores) {
  const n = data.labels.length;
  const given = new Set(track.tags.map(([label]) => label));
  const best = (label) => Math.max(0, ...track.starts.map((_, slice) => scores[slice * n + label]));
  const order = data.labels.map((_, label) => label).sort((a, b) => given.has(b) - given.has(a) || best(b) - best(a));
  const shown = order.slice(0, Math.max(given.size, MOST_LABELS));
  return shown.sort((a, b) => KINDS.indexOf(data.labels[a][0]) - KINDS.indexOf(data.labels[b][0]) || given.has(b) - given.has(a) || best(b) - best(a))
    .map((label) => ({ label, name: data.labels[label][1], kind: data.labels[label][0], given: given.has(label) }));
}

function taggram(track) {
  const scores = sliceScores(track);
  const labels = shownLabels(track, scores);
  const n = data.labels.length;
  const lines = labels.map(({ label, name, given }) => {
    const values = track.starts.map((_, slice) => scores[slice * n + label] / 255);
    const best = values.indexOf(Math.max(...values));
    return { name, given, start: track.starts[best], p: values[best] };
  }).filter((line) => line.start !== undefined);
  const words = lines.filter((line) => line.given).map((line) => `${line.name} most at ${clock(line.start)}`).join(', ');
  const canvas = build('canvas', { role: 'img', 'aria-label': `When each label was found: ${words || 'no tag'}` });
  const cells = lines.map((line) => build('tr', null,
    build('th', { scope: 'row' }, line.name),
    build('td', null, percent(line.p)),
    build('td', null, build('button', { type: 'button', onclick: () => playFrom(line.start) }, `Play ${clock(line.start)}`))));
  const head = build('tr', null, ...['Label', 'At most', 'Where'].map((text) => build('th', { scope: 'col' }, text)));
  const text = build('details', null, build('summary', null, 'As text'), build('table', null, build('thead', null, head), build('tbody', null, ...cells)));
  return build('section', null, build('h3', null, 'When it was found'), canvas, text);
}

function color(share) {
  const at = Math.min(share, 0.9999) * (VIRIDIS.length - 1);
  const [low, high] = [VIRIDIS[Math.floor(at)], VIRIDIS[Math.floor(at) + 1]];
  return `rgb(${low.map((value, i) => Math.round(value + (high[i] - value) * (at % 1))).join(' ')})`;
}

function drawTaggram() {
  const canvas = document.querySelector('#detail canvas');
  if (!canvas || !open) return;
  const track = open.track, scores = sliceScores(track), labels = shownLabels(track, scores);
  const row = 18, left = 118, top = 4, below = 46, wide = canvas.clientWidth || 360;
  const high = top + row * labels.length + below, ratio = window.devicePixelRatio || 1;
  [canvas.width, canvas.height] = [wide * ratio, high * ratio];
  canvas.style.height = `${high}px`;
  const pen = canvas.getContext('2d'), style = getComputedStyle(canvas);
  pen.scale(ratio, ratio);
  pen.textBaseline = 'middle';
  const cell = (wide - left - 8) / Math.max(1, track.starts.length), silent = new Set(track.silent);
  labels.forEach(({ label, name, given }, line) => {
    pen.fillStyle = style.color;
    pen.font = `${given ? 'bold ' : ''}12px ${style.fontFamily}`;
    pen.fillText(name, 0, top + row * (line + 0.5), left - 6);
    track.starts.forEach((_, slice) => {
      pen.fillStyle = silent.has(slice) ? style.borderColor : color(scores[slice * data.labels.length + label] / 255);
      pen.fillRect(left + cell * slice, top + row * line, Math.max(1, cell - 1), row - 1);
    });
  });
  drawAxis(pen, style, { track, cell, left, wide, y: top + row * labels.length });
}

function drawAxis(pen, style, { track, cell, left, wide, y }) {
  pen.fillStyle = style.color;
  pen.font = `11px ${style.fontFamily}`;
  const every = Math.ceil(38 / cell);
  for (let slice = 0; slice < track.starts.length; slice += every) pen.fillText(clock(track.starts[slice]), left + cell * slice, y + 9);
  pen.fillText('0%', left, y + 32);
  for (let i = 0; i < 60; i += 1) {
    pen.fillStyle = color(i / 59);
    pen.fillRect(left + 24 + i * 1.5, y + 26, 2, 11);
  }
  pen.fillStyle = style.color;
  pen.fillText('100%', left + 120, y + 32);
  pen.fillText('min:s', 0, y + 9, left);
}
