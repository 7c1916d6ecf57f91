// What the app's backend says about a message reaches the SDKs on both sides.
import assert from 'node:assert/strict';
import { eventually } from '../harness/inbox.mjs';
import { group, madeGroup, single } from '../harness/chats.mjs';

const REFUSAL = { actionCode: 0, errCode: 5001, errMsg: 'blocked word', errDlt: 'rule 17', nextCode: 1 };

const refuse = (world, command) => world.receiver.answer(command, ({ content }) => content.includes('forbidden') && REFUSAL);

/** The first is refused with code and text; the second arrives, and nothing came before it. */
async function refusedThenSent(from, receiver, to, conversationID) {
  await assert.rejects(from.sendText('forbidden fruit', to), ({ errCode, errMsg }) => {
    assert.equal(errCode, 5001);
    assert.match(errMsg, /blocked word/);
    return true;
  });
  const fine = await from.sendText('fine fruit', to);
  const { textElem } = await receiver.received(({ contentType }) => contentType === 101);
  assert.equal(textElem.content, 'fine fruit');
  const listed = (await receiver.history(conversationID)).filter(({ contentType }) => contentType === 101);
  assert.deepEqual(listed.map(({ clientMsgID }) => clientMsgID), [fine.clientMsgID]);
}

export async function a_refused_message_tells_its_sender_why(world) {
  refuse(world, 'callbackBeforeSendSingleMsgCommand');
  const [alice, bob] = await world.clients('alice', 'bob');
  await refusedThenSent(alice, bob, { recvID: 'bob' }, single('alice', 'bob'));
}

export async function a_refused_group_message_tells_its_sender_why(world) {
  refuse(world, 'callbackBeforeSendGroupMsgCommand');
  const [alice, bob] = await world.clients('alice', 'bob');
  const { groupID } = await madeGroup(alice, [bob]);
  await refusedThenSent(alice, bob, { groupID }, group(groupID));
}

/** What the backend writes is what both read, live and from history, and what it is told afterwards. */
async function rewritten(world, alice, bob, to, conversationID, told) {
  world.receiver.answer('callbackBeforeMsgModifyCommand', ({ content }) => (
    content.includes('damn') && { content: JSON.stringify({ content: JSON.parse(content).content.replaceAll('damn', '****') }) }
  ));
  const { clientMsgID } = await alice.sendText('damn good soup', to);
  const got = await bob.received((message) => message.clientMsgID === clientMsgID);
  assert.equal(got.textElem.content, '**** good soup');
  const reads = async (client) => (await client.history(conversationID)).find((message) => message.clientMsgID === clientMsgID);
  const again = await world.client('alice', { platform: 3 });
  for (const one of [bob, again]) assert.equal((await reads(one)).textElem.content, '**** good soup', one.userID);
  // The browser SDK keeps what was typed in the store of that very page, whatever comes back.
  if (world.kind !== 'wasm') {
    await eventually(async () => (await reads(alice))?.textElem.content === '**** good soup', 'its sender reads it too');
  }
  const { body } = await world.receiver.call(told, (call) => call.clientMsgID === clientMsgID);
  assert.equal(JSON.parse(body.content).content, '**** good soup');
}

export async function a_rewritten_message_is_seen_by_both(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  await rewritten(world, alice, bob, { recvID: 'bob' }, single('alice', 'bob'), 'callbackAfterSendSingleMsgCommand');
}

export async function a_rewritten_group_message_is_seen_by_all(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  const { groupID } = await madeGroup(alice, [bob]);
  await rewritten(world, alice, bob, { groupID }, group(groupID), 'callbackAfterSendGroupMsgCommand');
}
