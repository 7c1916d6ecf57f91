// How conversations are named, and groups for scenarios.

/** The conversation of two users. */
export const single = (one, other) => `si_${[one, other].sort().join('_')}`;

/** The conversation of a group. */
export const group = (groupID) => `sg_${groupID}`;

/** How people get into a group. */
export const VERIFY = { applicants: 0, everybody: 1, nobody: 2 };

export const ROLE = { owner: 100, admin: 60, member: 20 };

/** A group that its owner makes; ends when every member who has logged in knows it and its first message. */
export async function madeGroup(owner, members, info = {}) {
  const made = await owner.sdk.createGroup({
    memberUserIDs: members.map(({ userID }) => userID),
    groupInfo: { groupName: 'Lunch', groupType: 2, ...info },
  });
  const conversationID = group(made.groupID);
  await Promise.all([owner, ...members].map(async (one) => {
    await one.saw('OnJoinedGroupAdded', ({ groupID }) => groupID === made.groupID);
    await one.saw('OnNewConversation', (fresh) => fresh.some((each) => each.conversationID === conversationID));
  }));
  return made;
}

/** The role of a member, as the server says. */
export async function roles(client, groupID) {
  const members = await client.members(groupID);
  return Object.fromEntries(members.map(({ userID, roleLevel }) => [userID, roleLevel]));
}

/** Two friends: one asks, the other agrees. */
export async function befriend(one, other) {
  await one.sdk.addFriend({ toUserID: other.userID, reqMsg: 'hello' });
  await other.saw('OnFriendApplicationAdded', ({ fromUserID }) => fromUserID === one.userID);
  await other.sdk.acceptFriendApplication({ toUserID: one.userID, handleMsg: 'gladly' });
  await one.saw('OnFriendApplicationAccepted', (told) => told.fromUserID === one.userID && told.toUserID === other.userID);
}
