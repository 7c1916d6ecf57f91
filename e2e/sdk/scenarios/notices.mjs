// What the app's backend tells clients by REST.
import assert from 'node:assert/strict';
import { madeGroup } from '../harness/chats.mjs';

export async function a_business_notice_reaches_a_user_and_a_group(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  const { groupID } = await madeGroup(alice, [bob]);
  const notify = (to, data) => world.server.post('/msg/send_business_notification', {
    key: 'order', data, sendUserID: 'imAdmin', sendMsg: false, reliabilityLevel: 1, ...to,
  });
  await notify({ recvUserID: 'alice' }, '{"state":"cooking"}');
  const told = await alice.saw('OnRecvCustomBusinessMessage', ({ data }) => data.includes('cooking'));
  assert.equal(told.key, 'order');
  await notify({ recvGroupID: groupID }, '{"state":"served"}');
  for (const one of [alice, bob]) await one.saw('OnRecvCustomBusinessMessage', ({ data }) => data.includes('served'));
}

export async function a_message_by_rest_is_like_any_other(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  const { groupID } = await madeGroup(alice, [bob]);
  for (const to of [{ recvID: 'alice' }, { groupID }]) {
    const sent = await world.server.say('bob', to, 'by REST');
    const got = await alice.received(({ serverMsgID }) => serverMsgID === sent.serverMsgID);
    // A sender's name is what the caller says, here nothing; one SDK leaves it out then.
    assert.deepEqual([got.sendID, got.textElem.content, got.senderNickname ?? ''], ['bob', 'by REST', '']);
  }
}
