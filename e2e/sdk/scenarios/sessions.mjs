// Connections that break, end, or are ended.
import assert from 'node:assert/strict';
import { ahead } from '../harness/clock.mjs';
import { eventually } from '../harness/inbox.mjs';
import { befriend, group, madeGroup, ROLE, roles, single } from '../harness/chats.mjs';

const OURS = single('alice', 'bob');

const texts = async (client) => (await client.history(OURS)).map(({ textElem }) => textElem?.content);

/** Not with the build that cannot catch up with messages, see `clients/ts.mjs`; with everything else it can. */
const catchesUp = { clients: ['modern', 'wasm'] };

export const messages_of_meanwhile_arrive_after_a_reconnect = {
  ...catchesUp,
  async run(world) {
    const [alice, bob] = await world.clients('alice', 'bob');
    await bob.sendText('before', { recvID: 'alice' });
    await alice.received(({ textElem }) => textElem?.content === 'before');
    await world.away(() => world.server.say('bob', { recvID: 'alice' }, 'while you were away'));
    await alice.received(({ textElem }) => textElem?.content === 'while you were away');
    assert.deepEqual(await texts(alice), ['before', 'while you were away']);
  },
};

export const a_restarted_server_is_found_again = {
  ...catchesUp,
  async run(world) {
    const [alice, bob] = await world.clients('alice', 'bob');
    await bob.sendText('before', { recvID: 'alice' });
    await alice.received(({ textElem }) => textElem?.content === 'before');
    await world.away(async () => {
      await world.server.stop();
      await world.server.launch();
      await world.server.say('bob', { recvID: 'alice' }, 'after');
    });
    await alice.received(({ textElem }) => textElem?.content === 'after');
    const { clientMsgID } = await alice.sendText('here we are', { recvID: 'bob' });
    await bob.received((one) => one.clientMsgID === clientMsgID);
    await eventually(async () => (await texts(bob)).join() === 'before,after,here we are', 'nothing is lost');
  },
};

export async function what_changed_meanwhile_is_there_after_a_reconnect(world) {
  const [alice, bob, carol] = await world.clients('alice', 'bob', 'carol');
  const { groupID } = await madeGroup(alice, [bob]);
  for (const one of [bob, carol]) {
    await befriend(one, alice);
    await alice.saw('OnFriendAdded', ({ userID }) => userID === one.userID);
  }
  const { server } = world;
  await world.away(async () => {
    await server.post('/user/update_user_info_ex', { userInfo: { userID: 'alice', nickname: 'Alicia' } });
    await server.post('/conversation/set_conversations', {
      userIDs: ['alice'], conversation: { conversationID: group(groupID), conversationType: 3, groupID, isPinned: true },
    });
    await server.post('/friend/update_friends', { ownerUserID: 'alice', friendUserIDs: ['bob'], remark: 'Bobby' });
    await server.post('/friend/delete_friend', { ownerUserID: 'alice', friendUserID: 'carol' });
  });
  await alice.saw('OnFriendInfoChanged', ({ userID, remark }) => userID === 'bob' && remark === 'Bobby');
  await alice.saw('OnFriendDeleted', ({ userID }) => userID === 'carol');
  await alice.saw('OnSelfInfoUpdated', ({ nickname }) => nickname === 'Alicia');
  await eventually(async () => (await alice.conversation({ groupID })).isPinned, 'the group is pinned');
}

export const groups_of_meanwhile_are_there_after_a_reconnect = {
  ...catchesUp,
  async run(world) {
    const [alice, bob] = await world.clients('alice', 'bob');
    const { groupID } = await madeGroup(alice, [bob]);
    const left = await madeGroup(alice, [bob]);
    const { server } = world;
    let groupInfo;
    await world.away(async () => {
      await server.post('/group/invite_user_to_group', { groupID, invitedUserIDs: ['carol'], reason: '' });
      await server.post('/group/set_group_info', { groupInfoForSet: { groupID, groupName: 'Dinner' } });
      await server.post('/group/kick_group', { groupID, kickedUserIDs: ['bob'], reason: '' });
      await server.post('/group/dismiss_group', { groupID: left.groupID });
      ({ groupInfo } = await server.post('/group/create_group', {
        ownerUserID: 'carol', memberUserIDs: ['alice'], adminUserIDs: [], groupInfo: { groupName: 'Supper', groupType: 2 },
      }));
    });
    // The wasm core fetches names of new conversations before it synchronises groups: it has the group then, and does
    // not say that it is new.
    if (world.kind !== 'wasm') await alice.saw('OnJoinedGroupAdded', (told) => told.groupID === groupInfo.groupID);
    const isThere = async () => (await alice.groups()).some((one) => one.groupID === groupInfo.groupID);
    await eventually(isThere, 'the new group is in the list');
    await alice.saw('OnGroupMemberAdded', (told) => told.groupID === groupID && told.userID === 'carol');
    await alice.saw('OnGroupMemberDeleted', (told) => told.groupID === groupID && told.userID === 'bob');
    await alice.saw('OnGroupInfoChanged', (told) => told.groupID === groupID && told.groupName === 'Dinner');
    assert.deepEqual(await roles(alice, groupID), { alice: ROLE.owner, carol: ROLE.member });
  },
};

export async function a_second_login_kicks_the_first(world) {
  const first = await world.client('alice');
  const elsewhere = await world.client('alice', { platform: 3 });
  const second = await world.client('alice');
  await first.saw('OnKickedOffline');
  await world.server.say('bob', { recvID: 'alice' }, 'hello');
  for (const one of [second, elsewhere]) await one.received(({ textElem }) => textElem?.content === 'hello');
  await first.didNotSee('OnRecvNewMessages');
}

export async function a_forced_logout_ends_the_session(world) {
  const alice = await world.client('alice');
  await world.server.post('/auth/force_logout', { userID: 'alice', platformID: 5 });
  await alice.saw('OnKickedOffline');
}

export const a_token_runs_out = {
  settings: 'token: { validity: 1m }\n',
  async run(world) {
    const alice = await world.client('alice');
    world.wire.cut();
    await world.server.stop();
    await world.server.launch(ahead('+2m'));
    world.wire.mend(world.server.port);
    await alice.saw('OnUserTokenExpired');
  },
};
