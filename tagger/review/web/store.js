// The files as the server tells of them. Nothing here touches the document.

const KINDS = ['genre', 'instrument'];
const data = { labels: [], roots: [], model: '', mode: '' };
const tracks = []; // by their numbers
const folders = new Map(); // path -> { path, tracks }, in the order of the scan
const names = { genre: new Set(), instrument: new Set() }; // all that occur, for the filters

const ACCENTS = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i' };

// What two spellings have in common, whatever their accents and case.
function fold(text) {
  const low = text.toLowerCase();
  if (/^[\x20-\x7e\n]*$/.test(low)) return low;
  return low.normalize('NFKD').replace(/\p{M}/gu, '').replace(/[ßæœøłđðþı]/g, (sign) => ACCENTS[sign]);
}

const percent = (p) => `${Math.round(p * 100)}%`;
const plural = (n, noun) => `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;

function clock(seconds) {
  const whole = Math.floor(seconds), minutes = Math.floor(whole / 60);
  const rest = String(whole % 60).padStart(2, '0');
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`;
}

function takeRow(row) {
  const track = tracks[row.id] || { id: row.id };
  Object.assign(track, row);
  for (const kind of KINDS) {
    const { now, planned, options } = row[kind];
    track[kind] = { before: now, planned, options: options.map(([name, p, proposed, on]) => ({ name, p: p ?? undefined, proposed, on, typed: p === null && !proposed })) };
    for (const name of now) names[kind].add(name);
    for (const [name] of options) names[kind].add(name);
  }
  track.text = track.found = track.changed = null; // made when they are first asked for
  if (tracks[row.id]) return track;
  tracks[row.id] = track;
  if (!folders.has(row.folder)) folders.set(row.folder, { path: row.folder, tracks: [] });
  track.group = folders.get(row.folder);
  track.group.tracks.push(track);
  return track;
}

const foldedNames = new Map(); // tags are few, files many
function foldedName(name) {
  if (!foldedNames.has(name)) foldedNames.set(name, fold(name));
  return foldedNames.get(name);
}

// All that a search may find of a track; ticks change the tags only.
function foundIn(track) {
  if (track.found !== null) return track.found;
  track.text ??= fold(`${track.folder}\n${track.file}\n${track.title}\n${track.artist}\n${track.album}`);
  let found = track.text;
  for (const kind of KINDS) {
    for (const name of track[kind].before) found += `\n${foldedName(name)}`;
    for (const one of track[kind].options) if (one.on || one.proposed) found += `\n${foldedName(one.name)}`;
  }
  return track.found = found;
}

// What a search, a filter and the count of changes ask of every track is made before, when there
// is nothing else to do, so that the first of them is as quick as the next.
let prepared = 0, preparing = null;
function prepare() {
  if (preparing !== null || prepared >= tracks.length) return;
  preparing = setTimeout(() => {
    const end = performance.now() + 8; // milliseconds, within a frame
    for (; prepared < tracks.length && (prepared % 20 || performance.now() < end); prepared += 1) {
      foundIn(tracks[prepared]);
      changes(tracks[prepared]);
    }
    preparing = null;
    prepare();
  });
}

// Scores of one slice after the other, each K bytes.
function sliceScores(track) {
  return Uint8Array.from(atob(track.slices), (sign) => sign.charCodeAt(0));
}
