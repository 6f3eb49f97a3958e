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
  track.found = null; // made when it is first searched
  if (tracks[row.id]) return track;
  tracks[row.id] = track;
  if (!folders.has(row.folder)) folders.set(row.folder, { path: row.folder, tracks: [] });
  track.group = folders.get(row.folder);
  track.group.tracks.push(track);
  return track;
}

function foundIn(track) {
  if (track.found === null) {
    const tags = KINDS.flatMap((kind) => [...track[kind].before, ...track[kind].options.filter((one) => one.on || one.proposed).map((one) => one.name)]);
    track.found = fold([track.folder, track.file, track.title, track.artist, track.album, ...tags].join('\n'));
  }
  return track.found;
}

// Scores of one slice after the other, each K bytes.
function sliceScores(track) {
  return Uint8Array.from(atob(track.slices), (sign) => sign.charCodeAt(0));
}
