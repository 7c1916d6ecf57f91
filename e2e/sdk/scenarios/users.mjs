// Who somebody is, and whether they are there.
import assert from 'node:assert/strict';
import { eventually } from '../harness/inbox.mjs';
import { befriend, madeGroup } from '../harness/chats.mjs';

export async function a_user_changes_the_own_profile(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  await befriend(alice, bob);
  await bob.saw('OnFriendAdded', ({ userID }) => userID === 'alice');
  await alice.sdk.setSelfInfo({ nickname: 'Alicia', faceURL: '/new.png', ex: 'x' });
  await alice.saw('OnSelfInfoUpdated', ({ nickname }) => nickname === 'Alicia');
  await bob.saw('OnFriendInfoChanged', ({ userID, nickname, faceURL }) => userID === 'alice' && nickname === 'Alicia' && faceURL === '/new.png');
  const [seen] = await bob.sdk.getUsersInfo(['alice']);
  assert.deepEqual([seen.userID, seen.nickname, seen.faceURL, seen.ex], ['alice', 'Alicia', '/new.png', 'x']);
  const again = await world.client('alice', { platform: 3 });
  await eventually(async () => (await again.sdk.getSelfUserInfo()).nickname === 'Alicia', 'another device knows');
}

export async function members_who_are_online_see_the_new_name_in_the_group(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  const { groupID } = await madeGroup(alice, [bob]);
  await eventually(async () => (await bob.members(groupID)).length === 2, 'bob has the list of members');
  await alice.sdk.setSelfInfo({ nickname: 'Alicia' });
  await bob.saw('OnGroupMemberInfoChanged', (one) => one.groupID === groupID && one.userID === 'alice' && one.nickname === 'Alicia');
  await eventually(async () => (await bob.members(groupID)).some(({ nickname }) => nickname === 'Alicia'), 'the list has it');
}

export async function who_subscribed_sees_others_come_and_go(world) {
  const bob = await world.client('bob');
  const before = await bob.sdk.subscribeUsersStatus(['alice', 'carol']);
  assert.deepEqual(before.map(({ userID, status }) => [userID, status]).sort(), [['alice', 0], ['carol', 0]]);
  const alice = await world.client('alice');
  const came = await bob.saw('OnUserStatusChanged', ({ userID, status }) => userID === 'alice' && status === 1);
  assert.deepEqual(came.platformIDs, [5]);
  await alice.leave();
  await bob.saw('OnUserStatusChanged', ({ userID, status }) => userID === 'alice' && status === 0);
  await bob.sdk.unsubscribeUsersStatus(['carol']);
  await world.client('carol');
  await bob.didNotSee('OnUserStatusChanged', ({ userID }) => userID === 'carol');
}
