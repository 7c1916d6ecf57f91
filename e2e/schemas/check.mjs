// Every schema is one, in the strict mode of a published validator; golden requests and answers fit; what lacks a member
// or has one of another kind does not.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const load = createRequire(pathToFileURL(path.join(root, 'target/schemas/node_modules/index.js')));
const { Ajv2020 } = load('ajv/dist/2020');

const read = (...parts) => fs.readFileSync(path.join(root, ...parts), 'utf8');
const json = (...parts) => JSON.parse(read(...parts));

/** What is no JSON is no value. */
function value(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const FAMILY = ['shengwang', 'agora', 'easemob'];
const FAMILY_FOLDERS = {
  'pre-send': ['pre-send-single-text', 'pre-send-room-text', 'pre-send-group-openim-mention'],
  chat: ['chat-single-text', 'chat-room-text', 'chat-group-openim-mention'],
  chat_offline: ['chat-offline-group-image'],
};
const DOCUMENTED = {
  'pre-send': 'pre-send.json', chat: 'single-text.json', chat_offline: 'group-image-offline.json',
  recall: 'recall.json', edit: 'edit.json', read_ack: 'read-ack.json', reaction: 'reaction.json', thread: 'thread.json',
  'group_op_event-CREATE': 'group-created.json', 'group_op_event-LEAVE': 'room-member-kicked.json',
  muc: 'room-member-kicked-legacy.json', roster: 'contact-blocked.json', userStatus: 'user-status.json',
  keyword_alert: 'keyword-alert.json',
};

function folders(dialect, name) {
  if (FAMILY.includes(dialect)) return (FAMILY_FOLDERS[name] ?? []).map((folder) => `fixtures/easemob/${folder}`);
  return [`fixtures/openim/${dialect === 'openim' ? 'v3.8' : dialect.replace('openim-', '')}/${name}`];
}

/** `[{dialect, name, phase, folders, request, answer}]`, both halves with schema and validator. */
function compiled() {
  const ajv = new Ajv2020({ strict: true, allErrors: true });
  const half = (file) => {
    const schema = json('docs/schemas', file);
    return { file, schema, fits: ajv.compile(schema) };
  };
  return json('docs/schemas/index.json').contracts.flatMap(({ name: dialect, callbacks }) =>
    callbacks.map(({ name, phase, request, answer }) => ({
      dialect, name, phase, folders: folders(dialect, name), request: half(request), answer: half(answer),
    })),
  );
}

let all;

/** Whether a verdict says that a member is of the wrong type. */
const ofWrongType = (verdict) => /^wrong: .*( is an? |, but not an object)/.test(verdict);

const must = (half, given, at) => assert.ok(half.fits(given), `${half.file}: ${at}: ${JSON.stringify(half.fits.errors)}`);
const mustNot = (half, given, at) => assert.ok(!half.fits(given), `${half.file}: ${at} fits: ${JSON.stringify(given)}`);

/** One value of each kind, none of which is what a member of a callback is. */
const KINDS = [{ odd: 1 }, [[]], true, 1.5, '\u0001odd'];

const clone = (given) => JSON.parse(JSON.stringify(given));

/** Places of a value that its schema describes: `[object, name, required, schema]`. */
function* described(schema, given) {
  if (Array.isArray(given) && schema.items && given.length > 0) yield* described(schema.items, given[0]);
  if (given === null || typeof given !== 'object' || Array.isArray(given)) return;
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    if (!(name in given)) continue;
    yield [given, name, (schema.required ?? []).includes(name), member];
    yield* described(member, given[name]);
  }
}

const says = (schema, kind) => [schema.type].flat().includes(kind) || (schema.anyOf ?? []).some((form) => says(form, kind));

const tests = {
  every_schema_compiles_in_strict_mode() {
    all = compiled();
    assert.ok(all.length > 200, `${all.length} callbacks`);
    const files = new Set(all.flatMap(({ request, answer }) => [request.file, answer.file]));
    const there = fs.readdirSync(path.join(root, 'docs/schemas'), { recursive: true });
    assert.equal(there.filter((file) => /\.(request|answer)\.json$/.test(file)).length, files.size);
  },

  examples_fit() {
    for (const half of all.flatMap(({ request, answer }) => [request, answer])) {
      for (const example of half.schema.examples ?? []) must(half, example, 'its example');
    }
  },

  golden_requests_fit() {
    for (const { dialect, name, folders, request } of all) {
      for (const folder of folders) must(request, json(folder, 'request.json'), folder);
      const documented = FAMILY.includes(dialect) && DOCUMENTED[name];
      if (documented) must(request, json('fixtures/easemob/documented', documented), documented);
    }
  },

  golden_answers_fit_as_far_as_they_are_taken() {
    let seen = 0;
    for (const { folders, answer } of all) {
      for (const folder of folders.filter((folder) => fs.existsSync(path.join(root, folder, 'verdicts.json')))) {
        for (const [file, { status, verdict }] of Object.entries(json(folder, 'verdicts.json'))) {
          const given = value(read(folder, file));
          if (given === undefined) continue;
          if (/^(allow|refuse|delivered)/.test(verdict)) must(answer, given, `${folder}/${file}`);
          // To this validator 1.0 is a whole number.
          if (status === 200 && ofWrongType(verdict) && !verdict.includes('a fraction')) mustNot(answer, given, file);
          seen += 1;
        }
      }
    }
    assert.ok(seen > 700, `${seen} answers`);
  },

  what_lacks_a_member_or_has_one_of_another_kind_does_not_fit() {
    let seen = 0;
    for (const half of all.flatMap(({ request, answer }) => [request, answer])) {
      for (const example of half.schema.examples ?? []) {
        const copy = clone(example);
        for (const [object, name, required, member] of described(half.schema, copy)) {
          const kept = object[name];
          delete object[name];
          if (required) mustNot(half, copy, `without ${name}`);
          const taken = KINDS.filter((kind) => {
            object[name] = kind;
            return half.fits(copy);
          });
          object[name] = kept;
          const free = says(member, 'object') && !member.required;
          const most = free || says(member, 'string') || says(member, 'boolean') ? 1 : 0;
          assert.ok(taken.length <= most, `${half.file} takes ${JSON.stringify(taken)} as ${name}`);
          seen += 1;
        }
      }
    }
    assert.ok(seen > 3000, `${seen} members`);
  },
};

let passed = 0;
let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    test();
    passed += 1;
    console.log(`test schemas::${name} ... ok`);
  } catch (error) {
    failed += 1;
    console.log(`test schemas::${name} ... FAILED`);
    console.log(String(error.stack ?? error).replaceAll(/^/gm, '    '));
  }
}
console.log(`\ntest result: ${failed ? 'FAILED' : 'ok'}. ${passed} passed; ${failed} failed; 0 ignored`);
process.exit(failed ? 1 : 0);
