// Who is in a group, and how they get in and out.
import assert from 'node:assert/strict';
import { eventually } from '../harness/inbox.mjs';
import { madeGroup, ROLE, roles, VERIFY } from '../harness/chats.mjs';

const page = { offset: 0, count: 20, groupID: [], handleResults: [] };

const of = (groupID) => (told) => told.groupID === groupID;

const member = (groupID, userID) => (told) => told.groupID === groupID && told.userID === userID;

export async function a_group_is_made(world) {
  const [alice, bob, carol] = await world.clients('alice', 'bob', 'carol');
  const made = await alice.sdk.createGroup({
    memberUserIDs: ['bob'], adminUserIDs: ['carol'],
    groupInfo: { groupName: 'Lunch', groupType: 2, introduction: 'at noon', faceURL: '/l.png', ex: 'x', needVerification: 1 },
  });
  for (const one of [alice, bob, carol]) {
    const told = await one.saw('OnJoinedGroupAdded', of(made.groupID));
    assert.deepEqual([told.groupName, told.ownerUserID, told.memberCount], ['Lunch', 'alice', 3]);
    const [info] = await one.sdk.getSpecifiedGroupsInfo([made.groupID]);
    assert.deepEqual([info.introduction, info.faceURL, info.ex, info.needVerification], ['at noon', '/l.png', 'x', 1]);
    assert.deepEqual(await roles(one, made.groupID), { alice: ROLE.owner, bob: ROLE.member, carol: ROLE.admin });
  }
  const again = await world.client('bob', { platform: 3 });
  assert.deepEqual((await again.groups()).map(({ groupID }) => groupID), [made.groupID]);
  assert.deepEqual((await again.sdk.getUsersInGroup({ groupID: made.groupID, userIDList: ['bob', 'nobody'] })), ['bob']);
}

export async function anybody_joins_an_open_group(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  const { groupID } = await madeGroup(alice, [], { needVerification: VERIFY.nobody });
  await bob.sdk.joinGroup({ groupID, reqMsg: 'hungry', joinSource: 3 });
  await bob.saw('OnJoinedGroupAdded', of(groupID));
  const told = await alice.saw('OnGroupMemberAdded', member(groupID, 'bob'));
  assert.deepEqual([told.nickname, told.roleLevel, told.joinSource], ['Bob', ROLE.member, 3]);
  const { clientMsgID } = await bob.sendText('here I am', { groupID });
  await alice.received((one) => one.clientMsgID === clientMsgID);
}

/** Applies; the owner is told, and finds it listed. */
async function applied(owner, applicant, groupID) {
  await applicant.sdk.joinGroup({ groupID, reqMsg: 'hungry', joinSource: 3 });
  const told = await owner.saw('OnGroupApplicationAdded', member(groupID, applicant.userID));
  assert.deepEqual([told.reqMsg, told.handleResult, told.groupName], ['hungry', 0, 'Lunch']);
  assert.equal((await owner.sdk.getGroupApplicationListAsRecipient(page))[0].userID, applicant.userID);
  assert.equal((await applicant.sdk.getGroupApplicationListAsApplicant(page))[0].groupID, groupID);
}

export async function an_application_is_accepted(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  const { groupID } = await madeGroup(alice, [], { needVerification: VERIFY.everybody });
  await applied(alice, bob, groupID);
  await alice.sdk.acceptGroupApplication({ groupID, fromUserID: 'bob', handleMsg: 'sit down' });
  const accepted = await bob.saw('OnGroupApplicationAccepted', of(groupID));
  assert.deepEqual([accepted.handledMsg, accepted.handleResult], ['sit down', 1]);
  await bob.saw('OnJoinedGroupAdded', of(groupID));
  await alice.saw('OnGroupMemberAdded', member(groupID, 'bob'));
}

export async function an_application_is_refused(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  const { groupID } = await madeGroup(alice, [], { needVerification: VERIFY.applicants });
  await applied(alice, bob, groupID);
  await alice.sdk.refuseGroupApplication({ groupID, fromUserID: 'bob', handleMsg: 'no chairs' });
  const refused = await bob.saw('OnGroupApplicationRejected', of(groupID));
  assert.deepEqual([refused.handledMsg, refused.handleResult], ['no chairs', -1]);
  assert.deepEqual(await bob.groups(), []);
}

export async function a_member_invites_directly(world) {
  const [alice, bob, carol] = await world.clients('alice', 'bob', 'carol');
  const { groupID } = await madeGroup(alice, [bob], { needVerification: VERIFY.applicants });
  await bob.sdk.inviteUserToGroup({ groupID, reason: 'she is nice', userIDList: ['carol'] });
  await carol.saw('OnJoinedGroupAdded', of(groupID));
  for (const one of [alice, bob]) {
    const told = await one.saw('OnGroupMemberAdded', member(groupID, 'carol'));
    assert.deepEqual([told.inviterUserID, told.joinSource], ['bob', 2]);
  }
}

export async function an_invitation_waits_for_the_owner(world) {
  const [alice, bob, carol] = await world.clients('alice', 'bob', 'carol');
  const { groupID } = await madeGroup(alice, [bob], { needVerification: VERIFY.everybody });
  await bob.sdk.inviteUserToGroup({ groupID, reason: 'she is nice', userIDList: ['carol'] });
  await alice.saw('OnGroupApplicationAdded', member(groupID, 'carol'));
  assert.deepEqual(await roles(alice, groupID), { alice: ROLE.owner, bob: ROLE.member });
  await alice.sdk.acceptGroupApplication({ groupID, fromUserID: 'carol', handleMsg: '' });
  await carol.saw('OnJoinedGroupAdded', of(groupID));
  assert.equal((await alice.saw('OnGroupMemberAdded', member(groupID, 'carol'))).inviterUserID, 'bob');
}

export async function a_member_is_kicked(world) {
  const [alice, bob, carol] = await world.clients('alice', 'bob', 'carol');
  const { groupID } = await madeGroup(alice, [bob, carol]);
  await assert.rejects(bob.sdk.kickGroupMember({ groupID, reason: 'rude', userIDList: ['carol'] }), 'a member may not');
  await alice.sdk.kickGroupMember({ groupID, reason: 'rude', userIDList: ['carol'] });
  await carol.saw('OnJoinedGroupDeleted', of(groupID));
  for (const one of [alice, bob]) await one.saw('OnGroupMemberDeleted', member(groupID, 'carol'));
  assert.deepEqual(Object.keys(await roles(bob, groupID)).sort(), ['alice', 'bob']);
  await assert.rejects(carol.sendText('but', { groupID }));
}

export async function a_member_quits(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  const { groupID } = await madeGroup(alice, [bob]);
  await bob.sdk.quitGroup(groupID);
  await bob.saw('OnJoinedGroupDeleted', of(groupID));
  await alice.saw('OnGroupMemberDeleted', member(groupID, 'bob'));
  assert.deepEqual(await bob.groups(), []);
}

export async function a_group_is_dismissed(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  const { groupID } = await madeGroup(alice, [bob]);
  await alice.sdk.dismissGroup(groupID);
  for (const one of [alice, bob]) await one.saw('OnGroupDismissed', of(groupID));
  await bob.saw('OnJoinedGroupDeleted', of(groupID));
  await assert.rejects(bob.sendText('anybody here?', { groupID }));
  const again = await world.client('bob', { platform: 3 });
  await eventually(async () => (await again.groups()).every((one) => one.groupID !== groupID || one.status === 2), 'nobody is in it');
}

export async function a_group_gets_a_new_owner(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  const { groupID } = await madeGroup(alice, [bob]);
  await alice.sdk.transferGroupOwner({ groupID, newOwnerUserID: 'bob' });
  for (const one of [alice, bob]) {
    await one.saw('OnGroupInfoChanged', (told) => told.groupID === groupID && told.ownerUserID === 'bob');
    await eventually(async () => {
      const now = await roles(one, groupID);
      return now.bob === ROLE.owner && now.alice === ROLE.member;
    }, `${one.userID} knows the roles`);
  }
}
