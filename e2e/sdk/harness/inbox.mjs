// What arrived, and waiting for what has not arrived yet.

/** How long an event may take, in milliseconds; the slowest thing waited for is a client's pause before it reconnects. */
export const SOON = 20_000;

/** How long nothing must come, in milliseconds, where that is what is asserted. */
export const QUIET = 400;

/** Items in the order of their arrival. Whoever waits for one takes it out, so that the next wait is for a new one. */
export class Inbox {
  #items = [];
  #waiting = new Set();
  #seen = [];

  /** @param {string} owner whose it is, for messages */
  constructor(owner) {
    this.owner = owner;
  }

  push(item) {
    this.#items.push(item);
    this.#seen.push(item);
    for (const look of [...this.#waiting]) look();
  }

  /** Everything that ever arrived. */
  get all() {
    return this.#seen;
  }

  /** Takes out the first item that matches, if there is one. */
  take(matches) {
    const at = this.#items.findIndex(matches);
    return at < 0 ? undefined : this.#items.splice(at, 1)[0];
  }

  /** Waits for an item that matches, and takes it out. Fails with what was seen instead. */
  wait(matches, what, within = SOON) {
    return new Promise((resolve, reject) => {
      const look = () => {
        let found;
        try {
          found = this.take(matches);
        } catch (error) {
          end(() => reject(error));
          return;
        }
        if (found !== undefined) end(() => resolve(found));
      };
      const timer = setTimeout(() => end(() => reject(new Error(this.#missing(what, within)))), within);
      const end = (done) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        done();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Fails when an item that matches is there, or comes within a short time. */
  async none(matches, what, within = QUIET) {
    const found = await this.wait(matches, what, within).then((item) => item, () => undefined);
    if (found !== undefined) throw new Error(`${this.owner}: ${what} came: ${shown(found)}`);
  }

  #missing(what, within) {
    const seen = this.#items.slice(-30).map(shown).join('\n    ');
    return `${this.owner} waited ${within / 1000} s for ${what}; not taken yet:\n    ${seen || 'nothing'}`;
  }
}

/** A short form for messages. */
export function shown(value) {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}

/** Asks again until the answer is not false. For states that no event tells; fails with the last answer. */
export async function eventually(ask, what, within = SOON) {
  const end = Date.now() + within;
  for (;;) {
    let last;
    try {
      last = await ask();
      if (last) return last;
    } catch (error) {
      last = error.message ?? shown(error);
    }
    if (Date.now() > end) throw new Error(`${what} did not come true in ${within / 1000} s; last: ${shown(last)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
