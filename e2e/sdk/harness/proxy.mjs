// A wire between clients and the server that can be cut and mended.
import net from 'node:net';

export class Proxy {
  #server;
  #target;
  #open = new Set();
  #cut = false;
  /** HTTP requests and what came of them, as `POST /route 200 0`; the last is the code in the answer's envelope. */
  requests = [];

  /** @param {number} target the port on 127.0.0.1 that it leads to */
  static async start(target) {
    const proxy = new Proxy();
    proxy.#target = target;
    proxy.#server = net.createServer((client) => proxy.#join(client));
    await new Promise((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port() {
    return this.#server.address().port;
  }

  /** Ends every connection; new ones are ended at once, until `mend`. */
  cut() {
    this.#cut = true;
    for (const socket of this.#open) socket.destroy();
  }

  /** @param {number} target where it leads to from now on */
  mend(target = this.#target) {
    this.#target = target;
    this.#cut = false;
  }

  #join(client) {
    if (this.#cut) {
      client.destroy();
      return;
    }
    const server = net.connect(this.#target, '127.0.0.1');
    this.#listen(client, server);
    for (const [socket, other] of [[client, server], [server, client]]) {
      this.#open.add(socket);
      socket.setNoDelay(true);
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#open.delete(socket);
        other.destroy();
      });
    }
  }

  /** Clients ask one thing at a time over a connection, so the pieces that begin a head follow each other in pairs. */
  #listen(client, server) {
    let asked;
    client.on('data', (piece) => {
      asked = /^([A-Z]+ \S+) HTTP\/1\.1/.exec(piece.subarray(0, 2048).toString('latin1'))?.[1] ?? asked;
    });
    server.on('data', (piece) => {
      const text = piece.toString('latin1');
      const status = /^HTTP\/1\.1 (\d+)/.exec(text)?.[1];
      if (!status) return;
      const code = /"errCode":(-?\d+)/.exec(text)?.[1] ?? '';
      this.requests.push(`${asked?.split('?')[0]} ${status} ${code}`.trimEnd());
    });
  }

  stop() {
    this.cut();
    return new Promise((resolve) => this.#server.close(resolve));
  }
}
