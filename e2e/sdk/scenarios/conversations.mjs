// The list of conversations, and what a user sets in one.
import assert from 'node:assert/strict';
import { eventually } from '../harness/inbox.mjs';
import { single } from '../harness/chats.mjs';

const OURS = single('alice', 'bob');

/** Alice has heard from Bob, then from Carol. */
async function twoConversations(world) {
  await world.server.say('bob', { recvID: 'alice' }, 'from bob');
  await world.server.say('carol', { recvID: 'alice' }, 'from carol');
  return world.client('alice');
}

export async function the_list_shows_names_texts_and_counts(world) {
  const alice = await twoConversations(world);
  await world.server.say('bob', { recvID: 'alice' }, 'again');
  await alice.received(({ textElem }) => textElem?.content === 'again');
  const list = await eventually(async () => {
    const found = await alice.conversations();
    return found.length === 2 && found[0].unreadCount === 2 && found;
  }, 'two conversations, the newest first');
  const shown = list.map((one) => [one.conversationID, one.showName, one.faceURL, one.unreadCount, JSON.parse(one.latestMsg).textElem.content]);
  assert.deepEqual(shown, [
    [OURS, 'Bob', '/faces/bob.png', 2, 'again'],
    [single('alice', 'carol'), 'Carol', '/faces/carol.png', 1, 'from carol'],
  ]);
  await eventually(async () => (await alice.sdk.getTotalUnreadMsgCount()) === 3, 'three are unread');
}

/** Sets something; it is told here, and another device of the user finds it. */
async function set(world, alice, change) {
  await alice.sdk.setConversation({ conversationID: OURS, ...change });
  const [[key, value]] = Object.entries(change);
  await alice.saw('OnConversationChanged', (list) => list.some((one) => one.conversationID === OURS && one[key] === value));
  const again = await world.client('alice', { platform: 3 });
  const found = (await again.conversations()).find((one) => one.conversationID === OURS);
  assert.equal(found[key], value);
  return again;
}

export async function a_pinned_conversation_comes_first(world) {
  const alice = await twoConversations(world);
  const again = await set(world, alice, { isPinned: true });
  for (const one of [alice, again]) assert.equal((await one.conversations())[0].conversationID, OURS, one.userID);
  await alice.sdk.setConversation({ conversationID: OURS, isPinned: false });
  await again.saw('OnConversationChanged', (list) => list.some((one) => one.conversationID === OURS && !one.isPinned));
}

export async function a_conversation_may_be_quiet(world) {
  const alice = await twoConversations(world);
  await set(world, alice, { recvMsgOpt: 2 });
  await world.server.say('bob', { recvID: 'alice' }, 'psst');
  await alice.received(({ textElem }) => textElem?.content === 'psst');
}

export async function a_private_chat_is_private_for_both(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  await bob.sendText('hello', { recvID: 'alice' });
  await alice.received(({ textElem }) => textElem?.content === 'hello');
  await alice.sdk.setConversation({ conversationID: OURS, isPrivateChat: true });
  for (const one of [alice, bob]) {
    await one.saw('OnConversationChanged', (list) => list.some((told) => told.conversationID === OURS && told.isPrivateChat));
  }
  const { clientMsgID } = await alice.sendText('between us', { recvID: 'bob' });
  const got = await bob.received((one) => one.clientMsgID === clientMsgID);
  assert.equal(got.attachedInfoElem.isPrivateChat, true);
}
