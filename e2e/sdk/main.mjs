// Runs scenarios and counts.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Console } from 'node:console';
import { World } from './harness/world.mjs';

/** How long a scenario may take, in milliseconds. */
const BOUND = 120_000;

/** What the SDKs print, kept for a scenario that fails. */
const PRINTED = 60;

const KITS = {
  ts: async () => (await import('./clients/ts.mjs')).Ts.start(),
  wasm: async () => (await import('./clients/wasm.mjs')).Wasm.start(),
};

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
  if (world) world.faults.push(text);
  else say.error(text);
});

async function run(kit, { run: scenario, options }) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done in ${BOUND / 1000} s`)), BOUND);
  });
  printed.length = 0;
  try {
    world = await World.start(kit, options);
    await Promise.race([scenario(world), late]);
    if (world.faults.length > 0) throw new Error(`the SDK stumbled:\n${world.faults.join('\n')}`);
    return null;
  } catch (error) {
    const told = error?.stack ?? JSON.stringify(error);
    const seen = args.verbose ? `\n${world?.seen() ?? ''}\nthe SDK printed:\n${printed.join('\n')}` : '';
    const faults = world?.faults.length ? `\nthe SDK stumbled:\n${world.faults.join('\n')}` : '';
    return `${told}${faults}${seen}`;
  } finally {
    clearTimeout(timer);
    await world?.stop();
    world = undefined;
  }
}

let passed = 0;
let failed = 0;
const all = (await scenarios()).filter(({ name }) => name.includes(args.only ?? ''));
for (const [client, start] of Object.entries(KITS)) {
  if (args.client && args.client !== client) continue;
  const own = all.filter(({ clients }) => clients.includes(client));
  if (args.list || own.length === 0) {
    own.forEach(({ name }) => say.log(`${client} ${name}`));
    continue;
  }
  const kit = await start();
  for (const scenario of own) {
    const started = Date.now();
    const wrong = await run(kit, scenario);
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    say.log(`${client} ${scenario.name} ... ${wrong === null ? 'ok' : 'FAILED'} (${seconds} s)`);
    if (wrong === null) passed += 1;
    else {
      failed += 1;
      say.log(wrong.replaceAll(/^/gm, '    '));
    }
  }
  await kit.stop();
}
if (!args.list) say.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
