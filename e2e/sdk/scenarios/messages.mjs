// What happens to messages after they were sent.
import assert from 'node:assert/strict';
import { eventually } from '../harness/inbox.mjs';
import { group, madeGroup, single } from '../harness/chats.mjs';

const OURS = single('alice', 'bob');

const idOf = ({ clientMsgID }) => clientMsgID;

/** Waits until a message is in somebody's history; the message there. */
const listed = (client, conversationID, clientMsgID, matches = () => true) => eventually(
  async () => (await client.history(conversationID)).find((one) => one.clientMsgID === clientMsgID && matches(one)),
  `${client.userID} has ${clientMsgID} in history`,
);

/** A text that both sides have in their histories. */
async function exchanged(from, receiver, text, to, conversationID) {
  const sent = await from.sendText(text, to);
  await receiver.received(({ clientMsgID }) => clientMsgID === sent.clientMsgID);
  await listed(from, conversationID, sent.clientMsgID, ({ seq }) => seq > 0);
  return sent;
}

export async function a_read_receipt_reaches_the_sender(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  const first = await exchanged(alice, bob, 'one', { recvID: 'bob' }, OURS);
  const second = await exchanged(alice, bob, 'two', { recvID: 'bob' }, OURS);
  await eventually(async () => (await bob.conversation({ recvID: 'alice' })).unreadCount === 2, 'two are unread');
  await bob.sdk.markConversationMessageAsRead(OURS);
  const receipts = await alice.saw('OnRecvC2CReadReceipt', (told) => told.some(({ userID }) => userID === 'bob'));
  assert.deepEqual([...receipts[0].msgIDList].sort(), [idOf(first), idOf(second)].sort());
  await eventually(async () => (await bob.conversation({ recvID: 'alice' })).unreadCount === 0, 'none is unread');

  // The server knows: another device of each sees the same.
  const again = await world.client('bob', { platform: 3 });
  assert.equal((await again.conversation({ recvID: 'alice' })).unreadCount, 0);
  const reader = await world.client('alice', { platform: 3 });
  assert.deepEqual((await reader.history(OURS)).map(({ isRead }) => isRead), [true, true]);
}

export async function a_group_is_read_for_oneself(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  const { groupID } = await madeGroup(alice, [bob]);
  await exchanged(alice, bob, 'one', { groupID }, group(groupID));
  await eventually(async () => (await bob.conversation({ groupID })).unreadCount > 0, 'it is unread');
  await bob.sdk.markConversationMessageAsRead(group(groupID));
  await eventually(async () => (await bob.conversation({ groupID })).unreadCount === 0, 'it is read');
  const again = await world.client('bob', { platform: 3 });
  assert.equal((await again.conversation({ groupID })).unreadCount, 0);
}

export async function typing_is_seen(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  await exchanged(alice, bob, 'hello', { recvID: 'bob' }, OURS);
  await alice.sdk.changeInputStates({ conversationID: OURS, focus: true });
  const typing = ({ conversationID, userID }) => conversationID === OURS && userID === 'alice';
  const begun = await bob.saw('OnConversationUserInputStatusChanged', typing);
  assert.deepEqual(begun.platformIDs, [5]);
  await alice.sdk.changeInputStates({ conversationID: OURS, focus: false });
  await bob.saw('OnConversationUserInputStatusChanged', typing);
  // Nothing of it is kept.
  const again = await world.client('bob', { platform: 3 });
  assert.equal((await again.history(OURS)).length, 1);
}

export async function a_revoked_message_is_gone_for_both(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  const { clientMsgID } = await exchanged(alice, bob, 'oops', { recvID: 'bob' }, OURS);
  await exchanged(alice, bob, 'after it', { recvID: 'bob' }, OURS);
  await alice.sdk.revokeMessage({ conversationID: OURS, clientMsgID });
  const told = await bob.saw('OnNewRecvMessageRevoked', (one) => one.clientMsgID === clientMsgID);
  assert.deepEqual([told.revokerID, told.revokerNickname, told.sessionType], ['alice', 'Alice', 1]);
  const again = await world.client('bob', { platform: 3 });
  for (const one of [alice, bob, again]) {
    const { notificationElem } = await listed(one, OURS, clientMsgID, ({ contentType }) => contentType === 2101);
    assert.equal(JSON.parse(notificationElem.detail).revokerID, 'alice');
  }
}

export async function an_admin_revokes_in_a_group(world) {
  const [alice, bob, carol] = await world.clients('alice', 'bob', 'carol');
  const { groupID } = await madeGroup(alice, [bob, carol]);
  const conversationID = group(groupID);
  const { clientMsgID } = await exchanged(bob, alice, 'spam', { groupID }, conversationID);
  await carol.received((one) => one.clientMsgID === clientMsgID);
  await assert.rejects(carol.sdk.revokeMessage({ conversationID, clientMsgID }), 'an ordinary member may not');
  await alice.sdk.revokeMessage({ conversationID, clientMsgID });
  for (const one of [bob, carol]) {
    const told = await one.saw('OnNewRecvMessageRevoked', (told) => told.clientMsgID === clientMsgID);
    assert.deepEqual([told.revokerID, told.revokerRole, told.sessionType], ['alice', 100, 3]);
    await listed(one, conversationID, clientMsgID, ({ contentType }) => contentType === 2101);
  }
}

export async function a_deleted_message_is_gone_for_oneself(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  const gone = await exchanged(alice, bob, 'gone', { recvID: 'bob' }, OURS);
  const kept = await exchanged(alice, bob, 'kept', { recvID: 'bob' }, OURS);
  await alice.sdk.deleteMessage({ conversationID: OURS, clientMsgID: gone.clientMsgID });
  const again = await world.client('alice', { platform: 3 });
  for (const one of [alice, again]) assert.deepEqual((await one.history(OURS)).map(idOf), [idOf(kept)]);
  assert.deepEqual((await bob.history(OURS)).map(idOf), [idOf(gone), idOf(kept)]);
}

export async function a_cleared_conversation_is_empty_for_oneself(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  const sent = [];
  for (const text of ['one', 'two', 'three']) sent.push(await exchanged(alice, bob, text, { recvID: 'bob' }, OURS));
  await bob.clear(OURS);
  const later = await exchanged(alice, bob, 'four', { recvID: 'bob' }, OURS);
  const again = await world.client('bob', { platform: 3 });
  assert.deepEqual((await again.history(OURS)).map(idOf), [idOf(later)]);
  assert.deepEqual((await alice.history(OURS)).map(idOf), [...sent, later].map(idOf));
}

export async function everything_is_cleared_for_oneself(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  const { groupID } = await madeGroup(alice, [bob]);
  const sent = await exchanged(alice, bob, 'one', { recvID: 'bob' }, OURS);
  await exchanged(alice, bob, 'two', { groupID }, group(groupID));
  await bob.sdk.deleteAllMsgFromLocalAndSvr();
  const again = await world.client('bob', { platform: 3 });
  for (const conversationID of [OURS, group(groupID)]) assert.deepEqual(await again.history(conversationID), []);
  assert.deepEqual((await alice.history(OURS)).map(idOf), [idOf(sent)]);
}

export async function history_is_read_page_by_page(world) {
  for (let number = 1; number <= 25; number += 1) await world.server.say('bob', { recvID: 'alice' }, `m${number}`);
  const alice = await world.client('alice');
  let startClientMsgID = '';
  const pages = [];
  for (let isEnd = false; !isEnd && pages.length < 5;) {
    const page = await alice.sdk.getAdvancedHistoryMessageList({ conversationID: OURS, count: 10, startClientMsgID, viewType: 0 });
    pages.unshift(page.messageList.map(({ textElem }) => textElem.content));
    startClientMsgID = page.messageList[0]?.clientMsgID ?? '';
    isEnd = page.isEnd;
  }
  assert.deepEqual(pages.flat(), Array.from({ length: 25 }, (_, at) => `m${at + 1}`));
}
