// Hands the SDK's methods and events to the harness, and nothing else.
import { CbEvents, getSDK } from '/sdk/lib/index.es.js';

const sdk = getSDK({ coreWasmPath: '/sdk/assets/openIM.wasm', sqlWasmPath: '/sdk/assets/sql-wasm.wasm', debug: false });

for (const event of Object.values(CbEvents)) {
  sdk.on(event, ({ data = null, errCode = 0, errMsg = '' }) => {
    // A binding of the harness, which it adds before the page loads.
    window.told(JSON.stringify({ event, data, errCode, errMsg }));
  });
}

/** Files travel as `{file: name, type, bytes: base64}`. */
function revive(value) {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value.file === 'string' && typeof value.bytes === 'string') {
    const bytes = Uint8Array.from(atob(value.bytes), (one) => one.charCodeAt(0));
    return new File([bytes], value.file, { type: value.type });
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revive(inner)]));
}

/** `{answer}` or `{refused}`: an exception would arrive as text. */
window.invoke = async (name, args) => {
  try {
    return { answer: await sdk[name](...args.map(revive)) };
  } catch (refused) {
    if (refused instanceof Error) return { refused: { errCode: 0, errMsg: String(refused.stack) } };
    return { refused };
  }
};
