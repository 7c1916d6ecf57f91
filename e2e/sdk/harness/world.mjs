// Everything that one scenario runs in: a server, a receiver, a wire that can be cut, and clients.
import { Inbox, shown } from './inbox.mjs';
import { Proxy } from './proxy.mjs';
import { Receiver } from './receiver.mjs';
import { Server, WEB } from './server.mjs';

export class World {
  #clients = [];
  #kit;
  /** What an SDK threw at nobody: an answer that it could not read. */
  faults = [];

  /** @param kit where clients come from: `Ts` or `Wasm` */
  constructor(kit) {
    this.#kit = kit;
    this.kind = kit.kind;
  }

  async start({ settings = '', users = ['alice', 'bob', 'carol'] }) {
    this.receiver = await Receiver.start();
    this.server = new Server(this.receiver.url, settings);
    await this.server.start();
    this.wire = await Proxy.start(this.server.port);
    await this.server.register(...users);
  }

  /** Addresses for clients; they go through the wire. */
  get addresses() {
    return { apiAddr: `http://127.0.0.1:${this.wire.port}`, wsAddr: `ws://127.0.0.1:${this.wire.port}` };
  }

  /** A device of a user that has not logged in. `profile` names a browser profile to use again. */
  async device(userID, profile) {
    const client = await this.#kit.client(userID, profile);
    client.faults = this.faults;
    this.#clients.push(client);
    return client;
  }

  /** A user who has logged in and is synchronised. */
  async client(userID, { platform = WEB, token, profile } = {}) {
    const client = await this.device(userID, profile);
    await this.login(client, token ?? (await this.server.token(userID, platform)), platform);
    return client;
  }

  async login(client, token, platform = WEB) {
    await client.login(this.addresses, token, platform);
    await client.saw('OnConnectSuccess');
    await this.synchronised(client);
  }

  /** Waits for the end of a synchronisation, which must be a good one. */
  async synchronised(client) {
    const ended = ['OnSyncServerFinish', 'OnSyncServerFailed'];
    const { event, errMsg } = await client.events.wait((one) => ended.includes(one.event), ended[0]);
    if (event !== ended[0]) throw new Error(`${client.userID}: ${event}: ${errMsg}`);
  }

  /** Cuts the wire while something happens; ends when everybody is connected and synchronised again. */
  async away(happens) {
    const online = this.#clients.filter(({ events }) => events.all.some(({ event }) => event === 'OnConnectSuccess'));
    this.wire.cut();
    await happens();
    await Promise.all(online.map((client) => client.rested()));
    this.wire.mend(this.server.port);
    await Promise.all(online.map((client) => this.#back(client)));
  }

  async #back(client) {
    await client.saw('OnConnectSuccess');
    await this.synchronised(client);
  }

  /** Several users who have logged in, in this order. */
  clients(...names) {
    return Promise.all(names.map((name) => this.client(name)));
  }

  /** What was seen, for a scenario that failed. */
  seen() {
    const events = this.#clients.map(({ userID, events: { all } }) => {
      return `${userID} saw:\n  ${all.slice(-25).map(shown).join('\n  ')}`;
    });
    const calls = (this.receiver?.calls.all ?? []).slice(-10).map(shown).join('\n  ');
    const requests = (this.wire?.requests ?? []).filter((line) => !line.startsWith('OPTIONS')).slice(-60).join('\n  ');
    return [...events, `requests:\n  ${requests}`, `callbacks:\n  ${calls}`, `log of the server:\n${this.server?.lastLog()}`].join('\n');
  }

  async stop() {
    await Promise.all(this.#clients.map((client) => client.leave()));
    await this.#kit.forget();
    await this.wire?.stop();
    await this.server?.remove();
    await this.receiver?.stop();
  }
}
