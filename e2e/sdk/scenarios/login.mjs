// Logging in, and what a client knows afterwards.
import assert from 'node:assert/strict';

export async function login_connects_and_synchronises(world) {
  const alice = await world.client('alice');
  const events = alice.events.all.map(({ event }) => event);
  const order = ['OnConnecting', 'OnConnectSuccess', 'OnSyncServerStart', 'OnSyncServerFinish'];
  const places = order.map((event) => events.indexOf(event));
  // The first may come before anybody listens.
  assert.ok(places.slice(1).every((place, at) => place > (at === 0 ? -1 : places[at])), `in order: ${events}`);
  assert.ok(!events.includes('OnSyncServerFailed'), `${events}`);
  assert.equal(await alice.sdk.getLoginStatus(), 3);
  const self = await alice.sdk.getSelfUserInfo();
  assert.deepEqual([self.userID, self.nickname, self.faceURL], ['alice', 'Alice', '/faces/alice.png']);
  assert.equal(await alice.sdk.getTotalUnreadMsgCount(), 0);
}

export async function a_wrong_token_is_told(world) {
  const alice = await world.device('alice');
  const forged = `${(await world.server.token('alice')).slice(0, -8)}AAAAAAAA`;
  await alice.login(world.addresses, forged, 5);
  await alice.saw('OnUserTokenInvalid');
}
