// What a browser profile keeps between logins, and what an account brings into a new one.
import assert from 'node:assert/strict';
import { eventually } from '../harness/inbox.mjs';
import { befriend, madeGroup, single } from '../harness/chats.mjs';

const OURS = single('alice', 'bob');

/** Alice has a friend, a group, a black list, and messages that she has and has not read. */
async function account(world) {
  const [alice, bob, carol] = await Promise.all([world.client('alice', { profile: 'home' }), world.client('bob'), world.client('carol')]);
  await befriend(bob, alice);
  const { groupID } = await madeGroup(alice, [bob, carol]);
  await alice.sdk.addBlack({ toUserID: 'carol' });
  await bob.sendText('one', { recvID: 'alice' });
  await alice.received(({ textElem }) => textElem?.content === 'one');
  await alice.sdk.setConversation({ conversationID: OURS, isPinned: true });
  return { alice, bob, groupID };
}

async function knows(alice, groupID, unread) {
  await eventually(async () => (await alice.friends()).map(({ userID }) => userID).join() === 'bob', 'the friend is there');
  await eventually(async () => (await alice.groups()).map((one) => one.groupID).join() === groupID, 'the group is there');
  await eventually(async () => (await alice.members(groupID)).length === 3, 'its members are there');
  await eventually(async () => (await alice.blacks()).map(({ userID }) => userID).join() === 'carol', 'the black list is there');
  const conversation = await eventually(
    async () => (await alice.conversations()).find((one) => one.conversationID === OURS && one.unreadCount === unread),
    'the conversation is there',
  );
  assert.equal(conversation.isPinned, true);
}

const isWasm = { clients: ['wasm'] };

export const an_account_comes_into_a_new_profile = {
  ...isWasm,
  async run(world) {
    const { groupID } = await account(world);
    const elsewhere = await world.client('alice', { platform: 3, profile: 'work' });
    await knows(elsewhere, groupID, 1);
    assert.deepEqual((await elsewhere.history(OURS)).map(({ textElem }) => textElem?.content).filter(Boolean), ['one']);
  },
};

export const a_second_login_of_a_profile_catches_up = {
  ...isWasm,
  async run(world) {
    const { alice, bob, groupID } = await account(world);
    await alice.leave();
    await bob.sendText('two', { recvID: 'alice' });
    const again = await world.client('alice', { profile: 'home' });
    await knows(again, groupID, 2);
    assert.deepEqual((await again.history(OURS)).map(({ textElem }) => textElem?.content).filter(Boolean), ['one', 'two']);
  },
};

export const a_logout_is_answered = {
  ...isWasm,
  async run(world) {
    const [alice, bob] = await world.clients('alice', 'bob');
    await bob.sdk.subscribeUsersStatus(['alice']);
    await alice.sdk.logout();
    await bob.saw('OnUserStatusChanged', ({ userID, status }) => userID === 'alice' && status === 0);
    assert.equal(await alice.sdk.getLoginStatus(), 1);
  },
};
