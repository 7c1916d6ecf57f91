// A refusal as an SDK hands it to its caller.
import { shown } from '../harness/inbox.mjs';

export class SdkError extends Error {
  /** @param {object} answer what the SDK's promise was rejected with */
  constructor(name, answer) {
    super(`${name}: ${answer?.errCode} ${answer?.errMsg} ${shown(answer?.data ?? null)}`);
    this.errCode = answer?.errCode;
    this.errMsg = answer?.errMsg;
  }
}
