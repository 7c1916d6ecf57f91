// What scenarios know of a user with an SDK, whichever it is.
import { Inbox } from '../harness/inbox.mjs';
import { SdkError } from './sdk_error.mjs';

/** Some events come without data; they match nothing but their name. */
const told = (event, matches) => (one) => one.event === event && (!matches || (one.data != null && matches(one.data)));

export class Client {
  /** Events as `{event, data, errCode, errMsg}`, in their order. */
  events;

  /** How long after the beginning of a synchronisation the SDK does not begin another one, in milliseconds. */
  pause = 0;

  /** When it began its last one. */
  #began = 0;

  constructor(userID) {
    this.userID = userID;
    this.events = new Inbox(userID);
    /** The SDK's methods: `client.sdk.name(…)` gives the data of the answer, or throws an SdkError. */
    this.sdk = new Proxy({}, { get: (_, name) => (...args) => this.#call(name, args) });
  }

  /** Takes an event of the SDK. */
  tell(event) {
    if (event.event === 'OnSyncServerStart') this.#began = Date.now();
    this.events.push(event);
  }

  /** Resolves when a new connection would be synchronised. */
  async rested() {
    const left = this.#began + this.pause - Date.now();
    if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
  }

  /** Waits for an event, or for one whose data matches; its data. */
  async saw(event, matches) {
    return (await this.events.wait(told(event, matches), event)).data;
  }

  /** Fails when such an event is there, or comes soon. */
  didNotSee(event, matches) {
    return this.events.none(told(event, matches), event);
  }

  /** Waits until a message that matches is told; the message. */
  async received(matches) {
    const data = await this.saw('OnRecvNewMessages', (messages) => messages.some(matches));
    return data.find(matches);
  }

  /** Sends a message made with one of the SDK's create… methods. `to` is `{recvID}` or `{groupID}`. */
  send(message, to, more = {}) {
    return this.sdk.sendMessageNotOss({ recvID: '', groupID: '', ...to, message, ...more });
  }

  async sendText(text, to, more) {
    return this.send(await this.sdk.createTextMessage(text), to, more);
  }

  /** Newest messages of a conversation, oldest first, as a history view shows them. */
  async history(conversationID, count = 20) {
    const page = { conversationID, count, startClientMsgID: '', viewType: 0 };
    return (await this.sdk.getAdvancedHistoryMessageList(page)).messageList ?? [];
  }

  /** Friends, as a contact list shows them. */
  friends() {
    return this.sdk.getFriendListPage({ offset: 0, count: 50 });
  }

  groups() {
    return this.sdk.getJoinedGroupListPage({ offset: 0, count: 50 });
  }

  members(groupID) {
    return this.sdk.getGroupMemberList({ groupID, filter: 0, offset: 0, count: 50 });
  }

  conversations() {
    return this.sdk.getConversationListSplit({ offset: 0, count: 50 });
  }

  conversation(peer) {
    return this.sdk.getOneConversation(
      peer.groupID ? { sourceID: peer.groupID, sessionType: 3 } : { sourceID: peer.recvID, sessionType: 1 },
    );
  }

  /** Silences a group, or lets it speak again. */
  muteGroup(groupID, isMute) {
    return this.sdk.changeGroupMute({ groupID, isMute });
  }

  async #call(name, args) {
    let answer;
    try {
      answer = await this.invoke(name, args);
    } catch (error) {
      if (error instanceof Error) throw error;
      throw new SdkError(name, error);
    }
    return answer?.data;
  }
}
