// The real binary, as a process of its own in a folder of its own.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { eventually } from './inbox.mjs';

/** Lines of its log that a failure shows. */
const LINES_SHOWN = 40;

/** Callbacks that every scenario's server makes: a failure of those before is a refusal, so that none goes unseen. */
const RULES = `
beforeSendSingleMsg: { enable: true, timeout: 5, failedContinue: false }
beforeSendGroupMsg: { enable: true, timeout: 5, failedContinue: false }
beforeMsgModify: { enable: true, timeout: 5, failedContinue: false }
afterSendSingleMsg: { enable: true }
afterSendGroupMsg: { enable: true }
`;

/** What a development server signs tokens with. */
const SECRET = 'openIM123';

/** Web, where nothing else is said. */
export const WEB = 5;

export class Server {
  #folder;
  #child;
  #settings;
  log = [];

  /** @param {string} receiver the URL that callbacks go to
   *  @param {string} settings more lines of `ringback.yml` */
  constructor(receiver, settings) {
    this.#folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringback-e2e-'));
    fs.writeFileSync(path.join(this.#folder, 'webhooks.yml'), `url: ${receiver}${RULES}`);
    this.#settings = path.join(this.#folder, 'ringback.yml');
    fs.writeFileSync(this.#settings, `webhooks: webhooks.yml\n${settings}`);
  }

  /** Starts it, and logs its administrator in. */
  async start() {
    await this.launch();
    this.admin = (await this.post('/auth/get_admin_token', { secret: SECRET, userID: 'imAdmin' })).token;
  }

  /** Starts the process; after a stop on the same folder. The port is a new one each time.
   *  @param {object} env more of the environment */
  async launch(env = {}) {
    const folder = this.#folder;
    const args = ['serve', '--dev', '--json', '--config', this.#settings, '--data-dir', path.join(folder, 'data')];
    this.#child = spawn(process.env.RINGBACK_BIN, [...args, '--listen', '127.0.0.1:0'], {
      cwd: folder, env: { ...process.env, ...env },
    });
    const child = this.#child;
    process.once('exit', () => child.kill('SIGKILL'));
    readline.createInterface({ input: this.#child.stderr }).on('line', (line) => this.log.push(line));
    const address = await new Promise((resolve, reject) => {
      const lines = readline.createInterface({ input: this.#child.stdout });
      lines.on('line', (line) => {
        this.log.push(line);
        if (line.includes('"listening"')) resolve(JSON.parse(line).listening);
      });
      this.#child.on('error', reject);
      this.#child.on('exit', (code) => reject(new Error(`the server ended with ${code}\n${this.lastLog()}`)));
    });
    this.port = Number(address.split(':').at(-1));
    await eventually(async () => (await fetch(`${this.url}/readyz`)).ok, 'the server is ready');
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The data of an answer; an answer with a code is an error that has it. */
  async post(route, body, token = this.admin) {
    const response = await fetch(`${this.url}${route}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', operationID: `harness-${Date.now()}`, ...(token ? { token } : {}) },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (answer.errCode !== 0) throw Object.assign(new Error(`${route}: ${answer.errCode} ${answer.errMsg}`), answer);
    return answer.data;
  }

  /** Registers users whose nicknames are their ids with a capital. */
  register(...names) {
    const users = names.map((userID) => ({ userID, nickname: nickname(userID), faceURL: `/faces/${userID}.png` }));
    return this.post('/user/user_register', { users });
  }

  async token(userID, platformID = WEB) {
    return (await this.post('/auth/get_user_token', { userID, platformID })).token;
  }

  /** A text message from somebody without a connection. */
  say(sendID, to, text) {
    const group = 'groupID' in to;
    return this.post('/msg/send_msg', {
      sendID, ...to, senderPlatformID: 1, content: { content: text }, contentType: 101, sessionType: group ? 3 : 1,
    });
  }

  lastLog() {
    return this.log.slice(-LINES_SHOWN).join('\n');
  }

  /** SIGTERM, and its end. */
  async stop() {
    if (!this.#child || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 20_000);
    await ended;
    clearTimeout(late);
  }

  async remove() {
    await this.stop();
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** How a test user is called. */
export const nickname = (userID) => userID[0].toUpperCase() + userID.slice(1);
