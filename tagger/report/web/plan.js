// The plan and what the person makes of it. The plan given is never changed: options hold the
// ticks, and `editedPlan` derives a new plan. Keys this page does not know pass through it.

const edits = new Map(); // "id kind" -> edit
const PLURALS = { genre: 'genres', instrument: 'instruments' }; // the fields of a plan
const changeAt = new Map(data.plan.files.flatMap((file) => changesOf(file).map(([kind, change]) => [`${file.path}\n${kind}`, change])));
const same = (one, other) => one.length === other.length && one.every((value, i) => value === other[i]);

function changesOf(file) {
  return KINDS.filter((kind) => file[PLURALS[kind]]).map((kind) => [kind, file[PLURALS[kind]]]);
}

// What may be ticked for one kind of tag of one track: what the plan adds, and what was found too.
function editOf(track, kind) {
  const key = `${track.id} ${kind}`;
  let edit = edits.get(key);
  if (!edit) edits.set(key, edit = newEdit(track, kind));
  return edit;
}

function newEdit(track, kind) {
  const change = changeAt.get(`${track.path}\n${kind}`) || null;
  const before = change ? change.before : track[kind];
  const offered = new Set(before.map(fold));
  const chance = new Map(track.predicted[kind].map((tag) => [tag.name, tag.p]));
  const options = [];
  const offer = (name, on) => {
    if (offered.has(fold(name))) return;
    offered.add(fold(name));
    options.push({ name, p: chance.get(name), on, proposed: on });
  };
  for (const name of change ? change.after : []) offer(name, true);
  for (const tag of track.predicted[kind]) offer(tag.name, false);
  return { change, before, options };
}

function afterOf(edit) {
  const on = edit.options.filter((option) => option.on).map((option) => option.name);
  if (!edit.change) return [...edit.before, ...on];
  const off = new Set(edit.options.filter((option) => !option.on).map((option) => option.name));
  const ticked = edit.change.after.filter((name) => !off.has(name));
  return [...ticked, ...on.filter((name) => !ticked.includes(name))];
}

const isEdited = (edit) => edit.options.some((option) => option.on !== option.proposed);
const trackEdited = (track) => KINDS.some((kind) => edits.has(`${track.id} ${kind}`) && isEdited(editOf(track, kind)));
const trackChanged = (track) => KINDS.some((kind) => changeAt.has(`${track.path}\n${kind}`));

function editedPlan() {
  const files = new Map(data.plan.files.map((file) => [file.path, { ...file }]));
  for (const [path, file] of files) {
    const track = trackAt.get(path);
    for (const [kind, change] of track ? changesOf(file) : []) put(file, kind, change, afterOf(editOf(track, kind)));
  }
  for (const [key, edit] of edits) {
    const [id, kind] = key.split(' ');
    const { path, audio } = tracks[id];
    if (edit.change || !isEdited(edit)) continue;
    if (!files.has(path)) files.set(path, { path, audio });
    put(files.get(path), kind, { before: edit.before }, afterOf(edit));
  }
  return { ...data.plan, files: [...files.values()].filter((file) => changesOf(file).length) };
}

// A change that would leave everything as it is, is none.
function put(file, kind, change, after) {
  if (same(after, change.before)) delete file[PLURALS[kind]];
  else file[PLURALS[kind]] = { ...change, after };
}

// A typed tag, or why it cannot be one.
function addTyped(track, kind, text) {
  const name = text.trim();
  const edit = editOf(track, kind);
  if (!name) return 'Type a name first.';
  if (/[;/,\p{Cc}]/u.test(name)) return 'A tag holds no ; / or , since players split tags there.';
  const there = edit.options.find((option) => fold(option.name) === fold(name));
  if (there) there.on = true;
  else if (edit.before.some((value) => fold(value) === fold(name))) return `The file has ${name} already.`;
  else edit.options.push({ name, on: true, proposed: false, typed: true });
  return `${name} added.`;
}

function setAll(list, on) {
  for (const track of list) {
    for (const kind of KINDS) for (const option of editOf(track, kind).options) option.on = on && option.proposed;
  }
}

// Ticked out of all proposed: 1 all, 0 none, else between; null where nothing is proposed.
function tickedShare(list) {
  let proposed = 0, ticked = 0;
  for (const track of list) for (const kind of KINDS) for (const option of editOf(track, kind).options) {
    if (option.proposed) proposed += 1;
    if (option.proposed && option.on) ticked += 1;
  }
  return proposed ? ticked / proposed : null;
}
