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

const file = path.join(NODE_MODULES, '@openim/client-sdk/lib/index.js');
const { default: published } = await import(pathToFileURL(file));
const { getSDK, CbEvents } = published;

/** Node's SDK does not log: 5 is silence. */
const SILENT = 5;

class TsClient extends Client {
  #sdk = getSDK();

  constructor(userID) {
    super(userID);
    for (const event of Object.values(CbEvents)) this.#sdk.on(event, (told) => this.events.push(told));
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

/** All of its users live in this process. */
export class Ts {
  kind = 'ts';

  static async start() {
    return new Ts();
  }

  /** A user on a device that has never been used. */
  async client(userID) {
    return new TsClient(userID);
  }

  async forget() {}

  async stop() {}
}
