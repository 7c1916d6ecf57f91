// Friends and black lists.
import assert from 'node:assert/strict';
import { eventually } from '../harness/inbox.mjs';
import { befriend } from '../harness/chats.mjs';

const names = (list) => list.map(({ userID }) => userID).sort();

const page = { offset: 0, count: 20, handleResults: [] };

export async function an_application_is_accepted(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  await alice.sdk.addFriend({ toUserID: 'bob', reqMsg: 'we met at lunch' });
  const asked = await bob.saw('OnFriendApplicationAdded', ({ fromUserID }) => fromUserID === 'alice');
  assert.deepEqual([asked.toUserID, asked.fromNickname, asked.reqMsg, asked.handleResult], ['bob', 'Alice', 'we met at lunch', 0]);
  await alice.saw('OnFriendApplicationAdded', ({ toUserID }) => toUserID === 'bob');
  assert.equal((await bob.sdk.getFriendApplicationListAsRecipient(page))[0].fromUserID, 'alice');
  assert.equal((await alice.sdk.getFriendApplicationListAsApplicant(page))[0].toUserID, 'bob');

  await bob.sdk.acceptFriendApplication({ toUserID: 'alice', handleMsg: 'gladly' });
  const accepted = await alice.saw('OnFriendApplicationAccepted', ({ toUserID }) => toUserID === 'bob');
  assert.deepEqual([accepted.handleMsg, accepted.handleResult], ['gladly', 1]);
  assert.equal((await bob.saw('OnFriendAdded')).userID, 'alice');
  await eventually(async () => names(await alice.friends()).includes('bob'), 'alice has bob');
  await eventually(async () => names(await bob.friends()).includes('alice'), 'bob has alice');
  assert.deepEqual(await alice.sdk.checkFriend(['bob']), [{ userID: 'bob', result: 1 }]);
  const again = await world.client('alice', { platform: 3 });
  assert.deepEqual(names(await again.friends()), ['bob']);
}

export async function an_application_is_refused(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  await alice.sdk.addFriend({ toUserID: 'bob', reqMsg: 'hello' });
  await bob.saw('OnFriendApplicationAdded');
  await bob.sdk.refuseFriendApplication({ toUserID: 'alice', handleMsg: 'not now' });
  const refused = await alice.saw('OnFriendApplicationRejected', ({ toUserID }) => toUserID === 'bob');
  assert.deepEqual([refused.handleMsg, refused.handleResult], ['not now', -1]);
  assert.deepEqual(await alice.friends(), []);
}

export async function a_friend_gets_a_remark_and_a_pin(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  await befriend(alice, bob);
  await bob.saw('OnFriendAdded', ({ userID }) => userID === 'alice');
  await bob.sdk.updateFriends({ friendUserIDs: ['alice'], remark: 'Ali', isPinned: true, ex: 'from lunch' });
  await bob.saw('OnFriendInfoChanged', ({ userID, remark }) => userID === 'alice' && remark === 'Ali');
  const again = await world.client('bob', { platform: 3 });
  for (const one of [bob, again]) {
    const [friend] = await one.friendsNamed('alice');
    assert.deepEqual([friend.remark, friend.isPinned, friend.ex, friend.nickname], ['Ali', true, 'from lunch', 'Alice']);
  }
}

export async function a_friend_is_deleted(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  await befriend(alice, bob);
  await bob.saw('OnFriendAdded', ({ userID }) => userID === 'alice');
  await bob.sdk.deleteFriend('alice');
  await bob.saw('OnFriendDeleted', ({ userID }) => userID === 'alice');
  assert.deepEqual(await bob.friends(), []);
  assert.deepEqual(names(await alice.friends()), ['bob'], 'the other side keeps its friend');
}

export async function who_is_blocked_is_told_so(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  await bob.sdk.addBlack({ toUserID: 'alice', ex: 'too loud' });
  await bob.saw('OnBlackAdded', ({ userID }) => userID === 'alice');
  await eventually(async () => names(await bob.blacks()).join() === 'alice', 'the black list has alice');
  await assert.rejects(alice.sendText('hello?', { recvID: 'bob' }), ({ errCode }) => {
    assert.equal(errCode, 1302);
    return true;
  });
  await bob.sdk.removeBlack('alice');
  await eventually(async () => (await bob.blacks()).length === 0, 'the black list is empty');
  const { clientMsgID } = await alice.sendText('hello', { recvID: 'bob' });
  await bob.received((one) => one.clientMsgID === clientMsgID);
}
