// The TypeScript SDK in Node, in as much of a browser as it asks for: WebSocket, File, FileReader.
import { File } from 'node:buffer';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { load, NODE_MODULES } from '../harness/packages.mjs';
import { Client } from './client.mjs';

const WebSocket = load('ws');

/** As in a browser: one task for each message, and binary data as Blobs. */
class PageWebSocket extends WebSocket {
  constructor(url) {
    super(url, [], { perMessageDeflate: false, allowSynchronousEvents: false });
    this.binaryType = 'blob';
  }
}

/** The one way in which the SDK reads a file that it uploads. */
class PageFileReader {
  readAsArrayBuffer(blob) {
    blob.arrayBuffer().then(
      (result) => this.onload({ target: { result } }),
      (error) => this.onerror(error),
    );
  }
}

globalThis.WebSocket = PageWebSocket;
globalThis.FileReader ??= PageFileReader;
globalThis.File ??= File;

/** Node's SDK does not log: 5 is silence. */
const SILENT = 5;

class TsClient extends Client {
  #sdk;

  constructor(userID, { getSDK, CbEvents }) {
    super(userID);
    this.#sdk = getSDK();
    for (const event of Object.values(CbEvents)) this.#sdk.on(event, (told) => this.tell(told));
  }

  login(addresses, token, platformID) {
    return this.sdk.login({ userID: this.userID, token, platformID, ...addresses, logLevel: SILENT });
  }

  invoke(name, args) {
    return this.#sdk[name](...args);
  }

  file(name, bytes, type) {
    return new File([bytes], name, { type });
  }

  blacks() {
    return this.sdk.getBlackList({ offset: 0, count: 50 });
  }

  friendsNamed(...userIDs) {
    return this.sdk.getSpecifiedFriendsInfo(userIDs);
  }

  /** Removes every message of a conversation for this user. */
  clear(conversationID) {
    return this.sdk.deleteConversationAndDeleteAllMsg(conversationID);
  }

  /** Closes its socket. */
  leave() {
    return this.#sdk.logout().catch(() => {});
  }
}

/** The package has two builds for Node. What `require` finds is made for old engines, and cannot catch up with messages
 *  after a reconnect: it takes an iterator of a Map for an array. The other is what its authors wrote. */
const BUILDS = { ts: 'index.js', modern: 'index.modern.mjs' };

/** All of its users live in this process. */
export class Ts {
  #build;

  static async start(kind) {
    const kit = new Ts();
    kit.kind = kind;
    const file = path.join(NODE_MODULES, '@openim/client-sdk/lib', BUILDS[kind]);
    const build = await import(pathToFileURL(file));
    kit.#build = build.default ?? build;
    return kit;
  }

  /** A user on a device that has never been used. */
  async client(userID) {
    return new TsClient(userID, this.#build);
  }

  async forget() {}

  async stop() {}
}
