// Runs scenarios and counts.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Console } from 'node:console';
import { Skip } from './harness/skip.mjs';
import { World } from './harness/world.mjs';

/** How long a scenario may take, in milliseconds. */
const BOUND = 120_000;

/** What the SDKs print, kept for a scenario that fails. */
const PRINTED = 60;

/** A kit is loaded when it is needed: a browser is not, for scenarios in Node. */
const ts = async (kind) => (await import('./clients/ts.mjs')).Ts.start(kind);
const wasm = async (kind) => (await import('./clients/wasm.mjs')).Wasm.start(kind);
const KITS = { ts, modern: ts, wasm };

const { values: args } = parseArgs({
  options: { only: { type: 'string' }, client: { type: 'string' }, list: { type: 'boolean' }, verbose: { type: 'boolean' } },
});
if (args.client && !KITS[args.client]) {
  console.error(`--client is ${Object.keys(KITS).join(' or ')}`);
  process.exit(2);
}

/** `[{name, run, options, clients}]`: every file of the folder exports scenarios by name. */
async function scenarios() {
  const folder = path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), 'scenarios');
  const found = [];
  for (const file of fs.readdirSync(folder).sort()) {
    const module = await import(path.join(folder, file));
    for (const [name, scenario] of Object.entries(module)) {
      const { run = scenario, clients = Object.keys(KITS), ...options } = scenario;
      found.push({ name: `${path.basename(file, '.mjs')}::${name}`, run, clients, options });
    }
  }
  return found;
}

const printed = [];
const say = new Console(process.stdout, process.stderr);
for (const level of ['debug', 'info', 'log', 'warn', 'error']) {
  console[level] = (...words) => {
    printed.push(words.map(String).join(' ').slice(0, 500));
    if (printed.length > PRINTED) printed.shift();
  };
}

let world;
process.on('unhandledRejection', (error) => {
  const text = error?.stack ?? JSON.stringify(error);
  if (!world) say.error(text);
  // A wire that is cut leaves requests without an answer.
  else if (!text.includes('fetch failed')) world.faults.push(text);
});

/** What went wrong, `null` for nothing. A scenario that cannot run here throws a `Skip`. */
async function run(kit, { run: scenario, options }) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done in ${BOUND / 1000} s`)), BOUND);
  });
  printed.length = 0;
  world = new World(kit);
  try {
    await world.start(options);
    await Promise.race([scenario(world), late]);
    if (world.faults.length > 0) throw new Error('the SDK stumbled');
    return null;
  } catch (error) {
    if (error instanceof Skip) return error;
    return [error?.stack ?? JSON.stringify(error), ...world.faults, ...(args.verbose ? [world.seen(), ...printed] : [])].join('\n');
  } finally {
    clearTimeout(timer);
    await world.stop();
    world = undefined;
  }
}

// An end by signal takes the server along.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

const counts = { passed: 0, failed: 0, ignored: 0 };

/** Lines in the form of `cargo test`, so that whoever counts its lines counts these. */
async function report(kit, scenario) {
  const name = `${kit.kind}::${scenario.name}`;
  const wrong = await run(kit, scenario);
  if (wrong === null) {
    counts.passed += 1;
    say.log(`test ${name} ... ok`);
  } else if (wrong instanceof Skip) {
    counts.ignored += 1;
    say.log(`test ${name} ... ignored, ${wrong.message}`);
  } else {
    counts.failed += 1;
    say.log(`test ${name} ... FAILED`);
    say.log(wrong.replaceAll(/^/gm, '    '));
  }
}

const all = (await scenarios()).filter(({ name }) => name.includes(args.only ?? ''));
const started = Date.now();
for (const [client, start] of Object.entries(KITS)) {
  if (args.client && args.client !== client) continue;
  const own = all.filter(({ clients }) => clients.includes(client));
  if (args.list) own.forEach(({ name }) => say.log(`${client}::${name}`));
  if (args.list || own.length === 0) continue;
  const kit = await start(client);
  for (const scenario of own) await report(kit, scenario);
  await kit.stop();
}
if (!args.list) {
  const { passed, failed, ignored } = counts;
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  say.log(`\ntest result: ${failed ? 'FAILED' : 'ok'}. ${passed} passed; ${failed} failed; ${ignored} ignored; finished in ${seconds}s`);
}
process.exit(counts.failed === 0 ? 0 : 1);
