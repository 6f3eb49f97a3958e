// What a person ticks, and how the server gets to know of it.

const editOf = (track, kind) => track[kind];
const same = (one, other) => one.length === other.length && one.every((value, i) => value === other[i]);
const tickedIn = (edit) => edit.options.filter((option) => option.on);

// What the file will hold; the server's `Offer.after` says the same.
function afterOf(edit) {
  const on = tickedIn(edit).map((option) => option.name);
  if (!on.length) return edit.before;
  const optional = new Set(edit.options.filter((option) => !option.typed).map((option) => option.name));
  const planned = edit.planned.filter((name) => on.includes(name) || !optional.has(name));
  return [...planned, ...on.filter((name) => !planned.includes(name))];
}

// How many fields of the file Write would change; asked of all files again and again.
const changes = (track) => track.changed ??= KINDS.filter((kind) => !same(afterOf(track[kind]), track[kind].before)).length;
const isTicked = (track) => KINDS.some((kind) => track[kind].options.some((option) => option.on));
const isUnsure = (track) => !track.error && !track.genre.before.length && !track.genre.options.some((option) => option.proposed);
const least = (track) => Math.min(...KINDS.flatMap((kind) => tickedIn(track[kind]).map((option) => option.p ?? 1)));

// Ticks that follow each other quickly are sent together.
const unsent = new Map(); // "id kind" -> [id, kind]
let sending = null;

function touch(track, kind) {
  track.edited = true;
  track.found = track.changed = null;
  unsent.set(`${track.id} ${kind}`, [track.id, kind]);
  if (sending === null) sending = setTimeout(send, 200);
}

async function send() {
  clearTimeout(sending);
  sending = null;
  const choices = [...unsent.values()].map(([id, kind]) => [id, kind, tickedIn(tracks[id][kind]).map((option) => option.name)]);
  unsent.clear();
  return choices.length === 0 || tell('decide', { choices });
}

function tick(track, kind, option, on) {
  if (option.on === on) return;
  option.on = on;
  touch(track, kind);
}

// A file ticked whole is one with all that is proposed, or else with the best guess of its genre.
function whole(track) {
  const proposed = KINDS.flatMap((kind) => track[kind].options.filter((option) => option.proposed));
  return proposed.length || track.genre.before.length ? proposed : track.genre.options.slice(0, 1);
}

function tickTrack(track, on) {
  const wanted = on ? whole(track) : [];
  for (const kind of KINDS) for (const option of track[kind].options) tick(track, kind, option, wanted.includes(option));
}

// Everywhere in a list: one tag, or all that are proposed, from a probability on.
function accept(list, kind, name, from) {
  for (const track of list) {
    for (const one of KINDS) {
      for (const option of track[one].options) {
        const meant = name ? one === kind && option.name === name : option.proposed;
        if (meant && (option.p ?? 1) >= from) tick(track, one, option, true);
      }
    }
  }
}

// One genre for all files of an album; files that have another one keep it.
function giveAll(list, name, on) {
  for (const track of on ? takers(list) : list) {
    let option = track.genre.options.find((one) => one.name === name);
    if (!option && on) track.genre.options.push(option = { name, on: false, proposed: false, typed: true });
    if (option) tick(track, 'genre', option, on);
  }
}

// The files of an album that have no genre yet.
function takers(list) {
  return list.filter((track) => !track.error && !track.genre.before.length);
}

// A typed tag, or why it cannot be one.
function addTyped(track, kind, text) {
  const name = text.trim();
  const edit = track[kind];
  if (!name) return 'Type a name first.';
  if (/[;/,\p{Cc}]/u.test(name)) return 'A tag holds no ; / or , since players split tags there.';
  const there = edit.options.find((option) => fold(option.name) === fold(name));
  if (!there && edit.before.some((value) => fold(value) === fold(name))) return `The file has ${name} already.`;
  if (!there) edit.options.push({ name, on: false, proposed: false, typed: true });
  tick(track, kind, there || edit.options.at(-1), true);
  return `${name} added.`;
}

// Ticked out of the files that can be: 1 all, 0 none, else between; null where there is none.
function share(list) {
  const able = list.filter((track) => isTicked(track) || whole(track).some((option) => option.proposed));
  return able.length ? able.filter(isTicked).length / able.length : null;
}
