// The browser SDK, in headless Chromium. Each user has a profile of its own.
import { load } from '../harness/packages.mjs';
import { Site } from '../harness/site.mjs';
import { Client } from './client.mjs';

const { chromium } = load('playwright-core');

/** Nothing but the page: no phoning home, no names to resolve, no sandbox for root. And none of 35 MB is compiled a
 *  second time to be faster: pages live for seconds. */
const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--js-flags=--liftoff-only',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

/** How long a page may take to load, in milliseconds: it compiles 35 MB. */
const LOADED = 60_000;

/** The core's logs at this level are nothing but what ends it. */
const FATAL = 1;

class WasmClient extends Client {
  #page;

  /** A connection that comes sooner is used, and not synchronised. */
  pause = 5500;

  constructor(userID, page) {
    super(userID);
    this.#page = page;
  }

  login(addresses, token, platformID) {
    const config = { userID: this.userID, token, platformID, ...addresses, logLevel: FATAL, isLogStandardOutput: true };
    return this.sdk.login(config);
  }

  async invoke(name, args) {
    const { answer, refused } = await this.#page.evaluate(([name, args]) => window.invoke(name, args), [name, args]);
    if (refused) throw refused;
    return answer;
  }

  file(name, bytes, type) {
    return { file: name, type, bytes: Buffer.from(bytes).toString('base64') };
  }

  blacks() {
    return this.sdk.getBlackList();
  }

  friendsNamed(...friendUserIDList) {
    return this.sdk.getSpecifiedFriendsInfo({ friendUserIDList, filterBlack: false });
  }

  /** Removes every message of a conversation for this user. */
  clear(conversationID) {
    return this.sdk.clearConversationAndDeleteAllMsg(conversationID);
  }

  /** The package's method of this name gives its core one argument too many, and fails; the core alone does not. */
  muteGroup(groupID, isMute) {
    return this.#page.evaluate((args) => window.changeGroupMute(crypto.randomUUID(), ...args), [groupID, isMute]);
  }

  /** Closes the tab, as a user does. */
  leave() {
    return this.#page.close();
  }
}

/** One browser for all scenarios; profiles live as long as a scenario. */
export class Wasm {
  #browser;
  #site;
  #profiles = new Map();
  #unnamed = 0;

  static async start(kind) {
    const kit = new Wasm();
    kit.kind = kind;
    kit.#site = await Site.start();
    kit.#browser = await chromium.launch({ executablePath: process.env.RINGBACK_CHROMIUM, args: FLAGS });
    return kit;
  }

  /** A page of a profile, a new one without a name. */
  async client(userID, profile = `new ${(this.#unnamed += 1)}`) {
    if (!this.#profiles.has(profile)) this.#profiles.set(profile, await this.#browser.newContext());
    const page = await this.#profiles.get(profile).newPage();
    const client = new WasmClient(userID, page);
    page.on('pageerror', (error) => client.faults?.push(`${userID}: ${error.stack}`));
    page.on('console', (line) => {
      const text = line.text();
      console.log(`${userID}: ${text}`);
      if (/panic:|fatal error:|unreachable/.test(text)) client.faults?.push(`${userID}: ${text}`);
    });
    await page.exposeBinding('told', (_, text) => client.tell(JSON.parse(text)));
    await page.goto(this.#site.url);
    await page.waitForFunction(() => typeof window.invoke === 'function', undefined, { timeout: LOADED });
    return client;
  }

  /** Throws all profiles away. */
  async forget() {
    await Promise.all([...this.#profiles.values()].map((profile) => profile.close()));
    this.#profiles.clear();
  }

  async stop() {
    await this.#browser.close();
    await this.#site.stop();
  }
}
