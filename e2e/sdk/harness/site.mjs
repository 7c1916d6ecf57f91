// The page of the browser SDK and the package's own files, as any static server would hand them out.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE_MODULES } from './packages.mjs';

const TYPES = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm',
};

const PAGE = fileURLToPath(new URL('../page', import.meta.url));
const PACKAGE = path.join(NODE_MODULES, '@openim/wasm-client-sdk');

/** `/sdk/…` is the package, everything else the page's folder. */
function place(url) {
  const name = decodeURIComponent(url.split('?')[0]);
  const [root, rest] = name.startsWith('/sdk/') ? [PACKAGE, name.slice(4)] : [PAGE, name === '/' ? '/index.html' : name];
  const file = path.join(root, rest);
  return file.startsWith(root + path.sep) ? file : undefined;
}

export class Site {
  #server;

  static async start() {
    const site = new Site();
    site.#server = http.createServer((request, response) => {
      const file = place(request.url);
      const stat = file && fs.statSync(file, { throwIfNoEntry: false });
      if (!stat?.isFile()) {
        response.writeHead(404).end();
        return;
      }
      const type = TYPES[path.extname(file)] ?? 'application/octet-stream';
      const headers = { 'content-type': type, 'content-length': stat.size, etag: `"${stat.size}-${stat.mtimeMs}"` };
      response.writeHead(200, headers);
      if (request.method === 'HEAD') response.end();
      else fs.createReadStream(file).pipe(response);
    });
    await new Promise((resolve) => site.#server.listen(0, '127.0.0.1', resolve));
    return site;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}/`;
  }

  stop() {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }
}
