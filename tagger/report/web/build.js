// The only place where elements are made: text only ever becomes text.

function build(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key === 'class') element.className = value;
    else if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, '');
    else if (value !== false && value !== null) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

const byId = (id) => document.getElementById(id);

function say(text) {
  byId('live').textContent = text;
}

// A tag that can be ticked.
function optionChip(track, kind, index) {
  const option = editOf(track, kind).options[index];
  const box = build('input', { type: 'checkbox', 'data-track': track.id, 'data-kind': kind, 'data-option': index });
  box.checked = option.on;
  const chance = option.typed ? ' yours' : option.p === undefined ? '' : ` ${percent(option.p)}`;
  return build('label', { class: `chip ${kind}` }, box, option.name, build('small', null, chance));
}

// What a file has now, what of it would go, and what may come.
function chips(track, kind) {
  const edit = editOf(track, kind);
  const after = new Set(afterOf(edit));
  const now = edit.before.map((name) =>
    build(after.has(name) ? 'span' : 'del', { class: 'chip now', title: 'the file has this now' }, name));
  const offered = edit.options.map((_, index) => optionChip(track, kind, index));
  return now.length + offered.length ? [...now, ...offered] : [build('span', { class: 'none' }, 'none')];
}
