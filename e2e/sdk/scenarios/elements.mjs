// Every kind of message that needs no upload, from one SDK to another, live and from history.
import assert from 'node:assert/strict';
import { eventually } from '../harness/inbox.mjs';
import { group, madeGroup, single } from '../harness/chats.mjs';

const picture = (name) => ({ uuid: name, type: 'image/png', size: 512, width: 64, height: 48, url: `http://127.0.0.1/${name}.png` });

/** The element's name in a message, how it is made, and what must arrive in it. */
const ELEMENTS = [
  ['textElem', (sdk) => sdk.createTextMessage('soup > salad & "bread" 汤 🍜'), { content: 'soup > salad & "bread" 汤 🍜' }],
  ['customElem', (sdk) => sdk.createCustomMessage({ data: '{"dish":7}', extension: 'menu', description: 'a dish' }),
    { data: '{"dish":7}', extension: 'menu', description: 'a dish' }],
  ['locationElem', (sdk) => sdk.createLocationMessage({ description: 'the canteen', longitude: 113.25, latitude: -23.5 }),
    { description: 'the canteen', longitude: 113.25, latitude: -23.5 }],
  ['cardElem', (sdk) => sdk.createCardMessage({ userID: 'carol', nickname: 'Carol', faceURL: '/c.png', ex: 'cook' }),
    { userID: 'carol', nickname: 'Carol', faceURL: '/c.png', ex: 'cook' }],
  ['faceElem', (sdk) => sdk.createFaceMessage({ index: 3, data: 'smile' }), { index: 3, data: 'smile' }],
  ['pictureElem', (sdk) => sdk.createImageMessageByURL({
    sourcePath: '', sourcePicture: picture('source'), bigPicture: picture('big'), snapshotPicture: picture('small'),
  }), { sourcePicture: picture('source'), bigPicture: picture('big'), snapshotPicture: picture('small') }],
  ['soundElem', (sdk) => sdk.createSoundMessageByURL({
    uuid: 's1', soundPath: '', sourceUrl: 'http://127.0.0.1/s.mp3', dataSize: 900, duration: 4, soundType: 'audio/mpeg',
  }), { uuid: 's1', sourceUrl: 'http://127.0.0.1/s.mp3', dataSize: 900, duration: 4 }],
  ['videoElem', (sdk) => sdk.createVideoMessageByURL({
    videoPath: '', duration: 9, videoType: 'video/mp4', snapshotPath: '', videoUUID: 'v1', videoSize: 4000,
    videoUrl: 'http://127.0.0.1/v.mp4', snapshotUUID: 'p1', snapshotSize: 40, snapshotUrl: 'http://127.0.0.1/p.png',
    snapshotWidth: 320, snapshotHeight: 200, snapShotType: 'image/png',
  }), { videoUrl: 'http://127.0.0.1/v.mp4', videoSize: 4000, duration: 9, snapshotWidth: 320, snapshotHeight: 200 }],
  ['fileElem', (sdk) => sdk.createFileMessageByURL({
    filePath: '', fileName: 'menu.pdf', uuid: 'f1', sourceUrl: 'http://127.0.0.1/menu.pdf', fileSize: 70, fileType: 'application/pdf',
  }), { fileName: 'menu.pdf', sourceUrl: 'http://127.0.0.1/menu.pdf', fileSize: 70 }],
  ['atTextElem', (sdk) => sdk.createTextAtMessage({
    text: '@bob come', atUserIDList: ['bob'], atUsersInfo: [{ atUserID: 'bob', groupNickname: 'Bob' }],
  }), { text: '@bob come', atUserList: ['bob'] }],
];

/** Those made of messages that were sent before. */
const OF_OTHERS = [
  ['quoteElem', (sdk, [first]) => sdk.createQuoteMessage({ text: 'indeed', message: JSON.stringify(first) }), { text: 'indeed' },
    (elem, [first]) => assert.equal(elem.quoteMessage.clientMsgID, first.clientMsgID)],
  ['mergeElem', (sdk, [first, second]) => sdk.createMergerMessage({
    messageList: [first, second], title: 'the menu', summaryList: ['one', 'two'],
  }), { title: 'the menu', abstractList: ['one', 'two'] },
  (elem, sent) => assert.deepEqual(elem.multiMessage.map((one) => one.clientMsgID), sent.slice(0, 2).map((one) => one.clientMsgID))],
  ['textElem', (sdk, [first]) => sdk.createForwardMessage(first), { content: 'soup > salad & "bread" 汤 🍜' }],
];

function holds(message, [name, , expected, more], sent) {
  const elem = message[name];
  assert.ok(elem, `${name} of ${JSON.stringify(message)}`);
  for (const [key, value] of Object.entries(expected)) assert.deepEqual(elem[key], value, `${name}.${key}`);
  more?.(elem, sent);
}

/** Sends one of each; the receivers see them live, and all of them in history, in the order in which they were sent. */
async function everyElement(from, receivers, to, conversationID) {
  const sent = [];
  const kinds = [...ELEMENTS, ...OF_OTHERS];
  for (const kind of kinds) {
    const [name, make] = kind;
    const message = await from.send(await make(from.sdk, sent), to);
    assert.equal(message.status, 2, name);
    assert.match(message.serverMsgID, /^[0-9a-f]{32}$/, name);
    for (const receiver of receivers) {
      const got = await receiver.received(({ clientMsgID }) => clientMsgID === message.clientMsgID);
      holds(got, kind, sent);
      assert.deepEqual([got.sendID, got.senderNickname, got.serverMsgID], ['alice', 'Alice', message.serverMsgID], name);
    }
    sent.push(message);
  }
  const ids = sent.map(({ clientMsgID }) => clientMsgID);
  for (const one of [from, ...receivers]) {
    const listed = await eventually(async () => {
      const found = (await one.history(conversationID, 50)).filter(({ clientMsgID }) => ids.includes(clientMsgID));
      return found.length === ids.length && found;
    }, `${one.userID} has all in history`);
    assert.deepEqual(listed.map(({ clientMsgID }) => clientMsgID), ids, `${one.userID} has them in order`);
    listed.forEach((message, at) => holds(message, kinds[at], sent));
  }
}

export async function every_element_between_two(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  await everyElement(alice, [bob], { recvID: 'bob' }, single('alice', 'bob'));
  const last = await bob.conversation({ recvID: 'alice' });
  assert.equal(last.unreadCount, ELEMENTS.length + OF_OTHERS.length);
}

export async function every_element_in_a_group(world) {
  const [alice, bob, carol] = await world.clients('alice', 'bob', 'carol');
  const { groupID } = await madeGroup(carol, [alice, bob]);
  await everyElement(alice, [bob, carol], { groupID }, group(groupID));
}

export async function somebody_else_is_told_nothing(world) {
  const [alice, bob, carol] = await world.clients('alice', 'bob', 'carol');
  await alice.sendText('for bob', { recvID: 'bob' });
  await bob.received(({ textElem }) => textElem?.content === 'for bob');
  await carol.didNotSee('OnRecvNewMessages');
}
