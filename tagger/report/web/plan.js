// The plan and what the person makes of it. The plan given is never changed: options hold the
// ticks, and `editedPlan` derives a new plan. Keys this page does not know pass through it.

const edits = new Map(); // "id kind" -> edit
const changeAt = new Map(data.plan.changes.map((change) => [`${change.path}\n${change.kind}`, change]));
const same = (one, other) => one.length === other.length && one.every((value, i) => value === other[i]);

// What may be ticked for one kind of tag of one track: what the plan adds, and what was heard too.
function editOf(track, kind) {
  const key = `${track.id} ${kind}`;
  let edit = edits.get(key);
  if (!edit) edits.set(key, edit = newEdit(track, kind));
  return edit;
}

function newEdit(track, kind) {
  const change = changeAt.get(`${track.path}\n${kind}`) || null;
  const before = change ? change.before : track[kind];
  const known = new Set(before.map(fold));
  const chance = new Map(track.heard[kind].map((tag) => [tag.name, tag.p]));
  const options = [];
  const offer = (name, on) => {
    if (known.has(fold(name))) return;
    known.add(fold(name));
    options.push({ name, p: chance.get(name), on, proposed: on });
  };
  for (const name of change ? change.after : []) offer(name, true);
  for (const tag of track.heard[kind]) offer(tag.name, false);
  return { change, before, options };
}

function afterOf(edit) {
  const on = edit.options.filter((option) => option.on).map((option) => option.name);
  if (!edit.change) return [...edit.before, ...on];
  const off = new Set(edit.options.filter((option) => !option.on).map((option) => option.name));
  const kept = edit.change.after.filter((name) => !off.has(name));
  return [...kept, ...on.filter((name) => !kept.includes(name))];
}

const isEdited = (edit) => edit.options.some((option) => option.on !== option.proposed);
const trackEdited = (track) => KINDS.some((kind) => edits.has(`${track.id} ${kind}`) && isEdited(editOf(track, kind)));
const trackChanged = (track) => KINDS.some((kind) => changeAt.has(`${track.path}\n${kind}`));

function editedPlan() {
  const changes = [];
  for (const change of data.plan.changes) {
    const track = trackAt.get(change.path);
    const after = track ? afterOf(editOf(track, change.kind)) : change.after;
    if (!same(after, change.before)) changes.push({ ...change, after });
  }
  for (const [key, edit] of edits) {
    if (edit.change) continue;
    const [id, kind] = key.split(' ');
    const after = afterOf(edit);
    if (!same(after, edit.before)) changes.push({ path: tracks[id].path, kind, before: edit.before, after });
  }
  return { ...data.plan, changes };
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
