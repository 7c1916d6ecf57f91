// The npm packages, which are installed below target/ and never in the tree.
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import path from 'node:path';

const here = path.dirname(fileURLToPath(import.meta.url));

/** Where `npm ci` put them. */
export const NODE_MODULES = path.resolve(here, '../../../target/sdk/node_modules');

const require = createRequire(pathToFileURL(path.join(NODE_MODULES, 'index.js')));

/** A package that speaks CommonJS, as its `main` says. */
export const load = (name) => require(name);
