// Messages whose files the SDK uploads by itself.
import assert from 'node:assert/strict';

/** More than one block of everything on the way, and not all alike. */
const BYTES = Uint8Array.from({ length: 200_000 }, (_, at) => (at * 7919) % 251);

const picture = (uuid) => ({ uuid, type: 'image/png', size: BYTES.length, width: 64, height: 48, url: '' });

/** Sends it; the receiver finds these bytes under every address that the message names. */
async function uploaded(alice, bob, message, addresses) {
  const { clientMsgID } = await alice.sdk.sendMessage({ recvID: 'bob', groupID: '', message });
  const got = await bob.received((one) => one.clientMsgID === clientMsgID);
  for (const url of addresses(got)) {
    const response = await fetch(url);
    assert.equal(response.status, 200, url);
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), BYTES, url);
  }
}

export async function a_picture(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  const message = await alice.sdk.createImageMessageByFile({
    sourcePath: '', sourcePicture: picture('p1'), bigPicture: picture('p1'), snapshotPicture: picture('p1'),
    file: alice.file('lunch.png', BYTES, 'image/png'),
  });
  await uploaded(alice, bob, message, ({ pictureElem }) => [pictureElem.sourcePicture.url, pictureElem.bigPicture.url]);
}

export async function a_voice(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  const message = await alice.sdk.createSoundMessageByFile({
    uuid: 's1', soundPath: '', sourceUrl: '', dataSize: BYTES.length, duration: 4, soundType: 'audio/mpeg',
    file: alice.file('hum.mp3', BYTES, 'audio/mpeg'),
  });
  await uploaded(alice, bob, message, ({ soundElem }) => [soundElem.sourceUrl]);
}

export async function a_video(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  const message = await alice.sdk.createVideoMessageByFile({
    videoPath: '', duration: 9, videoType: 'video/mp4', snapshotPath: '', videoUUID: 'v1', videoUrl: '',
    videoSize: BYTES.length, snapshotUUID: 'v2', snapshotSize: BYTES.length, snapshotUrl: '', snapshotWidth: 320,
    snapshotHeight: 200, snapShotType: 'image/png',
    videoFile: alice.file('soup.mp4', BYTES, 'video/mp4'), snapshotFile: alice.file('soup.png', BYTES, 'image/png'),
  });
  await uploaded(alice, bob, message, ({ videoElem }) => [videoElem.videoUrl, videoElem.snapshotUrl]);
}

export async function a_file(world) {
  const [alice, bob] = await world.clients('alice', 'bob');
  const message = await alice.sdk.createFileMessageByFile({
    filePath: '', fileName: 'menu.pdf', uuid: 'f1', sourceUrl: '', fileSize: BYTES.length, fileType: 'application/pdf',
    file: alice.file('menu.pdf', BYTES, 'application/pdf'),
  });
  await uploaded(alice, bob, message, ({ fileElem }) => [fileElem.sourceUrl]);
}
