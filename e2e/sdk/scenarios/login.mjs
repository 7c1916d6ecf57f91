// Logging in, and what a client knows afterwards.
import assert from 'node:assert/strict';

export async function login_connects_and_synchronises(world) {
  const alice = await world.client('alice');
  const steps = ['OnConnecting', 'OnConnectSuccess', 'OnConnectFailed', 'OnSyncServerStart', 'OnSyncServerFinish', 'OnSyncServerFailed'];
  const seen = alice.events.all.map(({ event }) => event).filter((event) => steps.includes(event));
  assert.deepEqual(seen, ['OnConnecting', 'OnConnectSuccess', 'OnSyncServerStart', 'OnSyncServerFinish']);
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
