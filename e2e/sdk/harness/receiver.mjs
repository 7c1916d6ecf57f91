// The app's backend: takes callbacks, answers as the scenario says, remembers all of them.
import http from 'node:http';
import { Inbox } from './inbox.mjs';

const ALLOW = { actionCode: 0, errCode: 0, errMsg: '', errDlt: '', nextCode: 0 };

export class Receiver {
  #server;
  #answers = new Map();
  calls = new Inbox('the receiver');

  static async start() {
    const receiver = new Receiver();
    receiver.#server = http.createServer((request, response) => receiver.#take(request, response));
    await new Promise((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}/callback`;
  }

  /** From now on calls of this command are answered by `answer(body)`; nothing means "go on". */
  answer(command, answer) {
    this.#answers.set(command, answer);
  }

  /** A call of this command whose body matches. */
  call(command, matches = () => true) {
    return this.calls.wait((call) => call.command === command && matches(call.body), command);
  }

  async #take(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const raw = Buffer.concat(chunks).toString();
    const body = JSON.parse(raw);
    const command = body.callbackCommand;
    const answer = this.#answers.get(command)?.(body) ?? ALLOW;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ...ALLOW, ...answer }));
    this.calls.push({ command, body, raw, headers: request.headers, path: request.url });
  }

  stop() {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }
}
