// What the published libraries of the Standard Webhooks specification say about signed callbacks.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { load } from '../harness/packages.mjs';

/** A DER-encoded ed25519 public key is these bytes and the key. Source: RFC 8410, section 4. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

const TOLD = 'callbackAfterSendSingleMsgCommand';

/** Of the admin API; the answer's body. */
async function admin(world, method, route, body) {
  const response = await fetch(`${world.server.url}/admin/v1${route}`, {
    method,
    headers: { authorization: `Bearer ${world.server.admin}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const answer = await response.json();
  assert.ok(response.ok, JSON.stringify(answer));
  return answer;
}

/** A rule that signs, beside those of the file; its calls are told apart by their path. */
const signing = (world, secret) => admin(world, 'POST', '/rules', {
  name: 'signed', dialect: 'openim', phase: 'after', url: `${new URL(world.receiver.url).origin}/signed`,
  enabled: true, standard_webhooks: true, ...(secret && { secret }),
});

/** The signed call about a message that is sent now. */
async function signedCall(world, text) {
  await world.server.say('alice', { recvID: 'bob' }, text);
  return world.receiver.calls.wait(
    ({ command, path, body }) => command === TOLD && path.startsWith('/signed') && body.content.includes(text),
    `the signed callback about ${text}`,
  );
}

const whsec = (secret) => (secret.startsWith('whsec_') ? secret : `whsec_${Buffer.from(secret).toString('base64')}`);

/** Both libraries take it, and neither takes another body, id or moment. */
function verified(secret, { raw, headers }) {
  for (const library of ['standardwebhooks', 'svix']) {
    const webhook = new (load(library).Webhook)(whsec(secret));
    assert.deepEqual(webhook.verify(raw, headers), JSON.parse(raw), library);
    assert.throws(() => webhook.verify(raw.replace('{', '{ '), headers), library);
    assert.throws(() => webhook.verify(raw, { ...headers, 'webhook-id': 'msg_other' }), library);
    const later = String(Number(headers['webhook-timestamp']) + 1);
    assert.throws(() => webhook.verify(raw, { ...headers, 'webhook-timestamp': later }), library);
  }
}

const refused = (secret, { raw, headers }) => {
  assert.throws(() => new (load('standardwebhooks').Webhook)(whsec(secret)).verify(raw, headers));
};

export const published_libraries_verify_callbacks_while_the_secret_rotates = {
  clients: ['ts'],
  async run(world) {
    await world.clients('alice', 'bob');
    const first = (await signing(world, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')).secret;
    verified(first, await signedCall(world, 'before the rotation'));
    const second = (await admin(world, 'POST', '/rules/signed/secret/rotate')).secret;
    const between = await signedCall(world, 'while receivers change over');
    for (const secret of [first, second]) verified(secret, between);
    await admin(world, 'PATCH', '/rules/signed', { previous_secret: null });
    const after = await signedCall(world, 'after the rotation');
    verified(second, after);
    refused(first, after);
  },
};

/** Whether one of the header's signatures is the pair's. */
function byPair(publicKey, { raw, headers }) {
  const key = crypto.createPublicKey({
    key: Buffer.concat([SPKI, Buffer.from(publicKey.replace('whpk_', ''), 'base64')]), format: 'der', type: 'spki',
  });
  const said = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${raw}`);
  const signatures = headers['webhook-signature'].split(' ').filter((one) => one.startsWith('v1a,'));
  return signatures.some((one) => crypto.verify(null, said, key, Buffer.from(one.slice('v1a,'.length), 'base64')));
}

export const a_public_key_verifies_callbacks_from_the_first_rotation_on = {
  clients: ['ts'],
  async run(world) {
    await world.clients('alice', 'bob');
    const shared = (await signing(world)).secret;
    const { public_key: pair } = await admin(world, 'POST', '/rules/signed/secret/rotate?kind=ed25519');
    assert.match(pair, /^whpk_/);
    const both = await signedCall(world, 'signed both ways');
    verified(shared, both);
    assert.ok(byPair(pair, both));
    assert.ok(!byPair(pair, { ...both, raw: both.raw.replace('{', '{ ') }));
    const next = await admin(world, 'POST', '/rules/signed/secret/rotate');
    assert.equal(next.previous_public_key, pair, 'the kind stays');
    const between = await signedCall(world, 'signed by two pairs');
    assert.ok(byPair(pair, between) && byPair(next.public_key, between));
    refused(shared, between);
  },
};
