// The results, as the page uses them. Nothing here touches the document but the data block.

const KINDS = ['genre', 'instrument'];
const data = JSON.parse(document.getElementById('data').textContent);

const tracks = data.tracks.map((track, id) => {
  const at = Math.max(track.path.lastIndexOf('/'), track.path.lastIndexOf('\\'));
  const predicted = { genre: [], instrument: [] };
  for (const [label, p] of track.tags || []) predicted[data.labels[label][0]].push({ name: data.labels[label][1], p });
  const names = KINDS.flatMap((kind) => [...predicted[kind].map((tag) => tag.name), ...track[kind]]);
  const found = [track.path, track.title, track.artist, track.album, ...names].join('\n').toLowerCase();
  const least = Math.min(...KINDS.flatMap((kind) => predicted[kind].map((tag) => tag.p)));
  return { ...track, id, found, predicted, least, folder: track.path.slice(0, at), file: track.path.slice(at + 1) };
});
const trackAt = new Map(tracks.map((track) => [track.path, track]));

// Scores of one slice after the other, each K bytes; null for a file that was not classified.
function sliceScores(track) {
  return track.slices === undefined ? null : Uint8Array.from(atob(track.slices), (sign) => sign.charCodeAt(0));
}

const fold = (text) => text.toLocaleLowerCase();
const percent = (p) => `${Math.round(p * 100)}%`;
const plural = (n, noun) => `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;

function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
