// What a group is like, and who may speak in it.
import assert from 'node:assert/strict';
import { eventually } from '../harness/inbox.mjs';
import { madeGroup, ROLE, roles } from '../harness/chats.mjs';

const refused = (code) => ({ errCode }) => {
  assert.equal(errCode, code);
  return true;
};

export async function a_muted_member_is_silent(world) {
  const [alice, bob, carol] = await world.clients('alice', 'bob', 'carol');
  const { groupID } = await madeGroup(alice, [bob, carol]);
  const ofBob = (muted) => (told) => told.groupID === groupID && told.userID === 'bob' && (told.muteEndTime > Date.now()) === muted;
  await alice.sdk.changeGroupMemberMute({ groupID, userID: 'bob', mutedSeconds: 600 });
  for (const one of [alice, bob, carol]) await one.saw('OnGroupMemberInfoChanged', ofBob(true));
  await assert.rejects(bob.sendText('but', { groupID }), refused(1402));
  await carol.sendText('I may', { groupID });
  await alice.sdk.changeGroupMemberMute({ groupID, userID: 'bob', mutedSeconds: 0 });
  for (const one of [alice, bob, carol]) await one.saw('OnGroupMemberInfoChanged', ofBob(false));
  const { clientMsgID } = await bob.sendText('at last', { groupID });
  await carol.received((one) => one.clientMsgID === clientMsgID);
}

export async function a_muted_group_is_silent_but_for_its_owner(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  const { groupID } = await madeGroup(alice, [bob]);
  await alice.muteGroup(groupID, true);
  for (const one of [alice, bob]) await one.saw('OnGroupInfoChanged', ({ status }) => status === 3);
  await assert.rejects(bob.sendText('but', { groupID }), refused(1403));
  const { clientMsgID } = await alice.sendText('silence, please', { groupID });
  await bob.received((one) => one.clientMsgID === clientMsgID);
  await alice.muteGroup(groupID, false);
  for (const one of [alice, bob]) await one.saw('OnGroupInfoChanged', ({ status }) => status === 0);
  await bob.sendText('thank you', { groupID });
}

export async function the_group_is_described_anew(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  const { groupID } = await madeGroup(alice, [bob]);
  const changes = [
    { groupName: 'Dinner' }, { notification: 'soup at eight' }, { introduction: 'late', faceURL: '/d.png' },
    { needVerification: 2 }, { lookMemberInfo: 1 }, { applyMemberFriend: 1 }, { ex: 'x' },
  ];
  for (const change of changes) {
    await alice.sdk.setGroupInfo({ groupID, ...change });
    const isSo = (told) => told.groupID === groupID && Object.entries(change).every(([key, value]) => told[key] === value);
    for (const one of [alice, bob]) await one.saw('OnGroupInfoChanged', isSo);
  }
  await assert.rejects(bob.sdk.setGroupInfo({ groupID, groupName: 'Mine' }), 'a member may not');
  const again = await world.client('bob', { platform: 3 });
  const [info] = await again.sdk.getSpecifiedGroupsInfo([groupID]);
  for (const [key, value] of Object.entries(Object.assign({}, ...changes))) assert.equal(info[key], value, key);
  assert.equal((await again.conversation({ groupID })).showName, 'Dinner');
}

export async function members_have_names_and_roles(world) {
  const [alice, bob, carol] = await world.clients('alice', 'bob', 'carol');
  const { groupID } = await madeGroup(alice, [bob, carol]);
  const ofBob = (key, value) => (told) => told.groupID === groupID && told.userID === 'bob' && told[key] === value;
  await bob.sdk.setGroupMemberInfo({ groupID, userID: 'bob', nickname: 'The cook' });
  for (const one of [alice, bob, carol]) await one.saw('OnGroupMemberInfoChanged', ofBob('nickname', 'The cook'));
  await alice.sdk.setGroupMemberInfo({ groupID, userID: 'bob', roleLevel: ROLE.admin });
  for (const one of [alice, bob, carol]) await one.saw('OnGroupMemberInfoChanged', ofBob('roleLevel', ROLE.admin));
  await eventually(async () => (await roles(carol, groupID)).bob === ROLE.admin, 'carol knows');
  await assert.rejects(carol.sdk.setGroupMemberInfo({ groupID, userID: 'bob', roleLevel: ROLE.member }), 'a member may not');
  // An administrator may do what a member may not.
  await bob.sdk.changeGroupMemberMute({ groupID, userID: 'carol', mutedSeconds: 60 });
  await assert.rejects(carol.sendText('but', { groupID }), refused(1402));
  await alice.sdk.setGroupMemberInfo({ groupID, userID: 'bob', roleLevel: ROLE.member });
  await bob.saw('OnGroupMemberInfoChanged', ofBob('roleLevel', ROLE.member));
}

export async function whoever_is_mentioned_finds_it_on_his_list(world) {
  const [alice, bob, carol] = await world.clients('alice', 'bob', 'carol');
  const { groupID } = await madeGroup(alice, [bob, carol]);
  const finds = (one, kind) =>
    eventually(async () => (await one.conversation({ groupID })).groupAtType === kind, `${one.userID} finds ${kind}`);
  const mention = async (text, ...atUserIDList) =>
    alice.send(await alice.sdk.createTextAtMessage({ text, atUserIDList, atUsersInfo: [] }), { groupID });
  await mention('@bob', 'bob');
  await finds(bob, 1);
  await finds(carol, 0);
  await mention('@all', 'AtAllTag');
  for (const one of [bob, carol]) await finds(one, 2);
  await mention('@all @bob', 'AtAllTag', 'bob');
  await finds(bob, 3);
  await alice.sdk.setGroupInfo({ groupID, notification: 'soup at eight' });
  for (const one of [bob, carol]) await finds(one, 4);
}
