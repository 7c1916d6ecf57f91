-- A data folder's database as version 1 of the schema left it: the dump of one that version 1 wrote.
BEGIN TRANSACTION;
CREATE TABLE blocks (owner TEXT NOT NULL, blocked TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (owner, blocked))
    WITHOUT ROWID;
INSERT INTO "blocks" VALUES('bob','eve','{"owner":"bob","blocked":"Eve","at":1700000000000,"by":"bob","ex":""}');
CREATE TABLE chat_groups (
    id TEXT PRIMARY KEY, live INTEGER NOT NULL, member_count INTEGER NOT NULL, roster INTEGER NOT NULL,
    data TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "chat_groups" VALUES('42',1,2,2,'{"id":"42","name":"the group","notification":"","introduction":"","face_url":"","owner":"Ann","creator":"Ann","created_at":1700000000000,"ex":"","status":"open","verification":0,"look_member_info":0,"apply_member_friend":0,"notification_at":0,"notification_by":"","member_count":0}');
CREATE TABLE exceptions (
    rule TEXT NOT NULL, pos INTEGER NOT NULL, copy INTEGER NOT NULL, parked INTEGER NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (rule, pos, copy)
);
INSERT INTO "exceptions" VALUES('file:webhooks:afterSendSingleMsg',1,0,1,'{"key":{"pos":1,"copy":0},"lane":"u:Ann:bob","state":{"parked":{"attempts":8,"at":1700000000000,"reason":"exhausted"}},"since":1700000000000,"last_error":"status 503","outbound":{"url":"http://localhost/hook?contenttype=json","headers":[["operationid","op"]],"body":"{\"pos\":1,\"text\":\"it''s \\\"parked\\\":{\\\"at\\\":1}\"}"}}');
INSERT INTO "exceptions" VALUES('file:webhooks:afterSendSingleMsg',2,0,1,'{"key":{"pos":2,"copy":0},"lane":"u:Ann:bob","state":{"parked":{"attempts":8,"at":1700000399999,"reason":"exhausted"}},"since":1700000000000,"last_error":"status 503","outbound":{"url":"http://localhost/hook?contenttype=json","headers":[["operationid","op"]],"body":"{\"pos\":2,\"text\":\"it''s \\\"parked\\\":{\\\"at\\\":1}\"}"}}');
INSERT INTO "exceptions" VALUES('file:webhooks:afterSendSingleMsg',3,0,1,'{"key":{"pos":3,"copy":0},"lane":"u:Ann:bob","state":{"parked":{"attempts":1,"at":1700000400000,"reason":"banned"}},"since":1700000000000,"last_error":"status 503","outbound":{"url":"http://localhost/hook?contenttype=json","headers":[["operationid","op"]],"body":"{\"pos\":3,\"text\":\"it''s \\\"parked\\\":{\\\"at\\\":1}\"}"}}');
INSERT INTO "exceptions" VALUES('file:webhooks:afterSendSingleMsg',4,0,0,'{"key":{"pos":4,"copy":0},"lane":"u:Ann:bob","state":{"waiting":{"attempts":2,"due":1700000005000}},"since":1700000000000,"last_error":"status 503","outbound":{"url":"http://localhost/hook?contenttype=json","headers":[["operationid","op"]],"body":"{\"pos\":4,\"text\":\"it''s \\\"parked\\\":{\\\"at\\\":1}\"}"}}');
INSERT INTO "exceptions" VALUES('file:webhooks:afterSendSingleMsg',5,0,0,'{"key":{"pos":5,"copy":0},"lane":"u:Ann:bob","state":"resume","since":1700000000000,"last_error":"status 503","outbound":null}');
INSERT INTO "exceptions" VALUES('api:other',3,1,1,'{"key":{"pos":3,"copy":1},"lane":"u:Ann:bob","state":{"parked":{"attempts":8,"at":1700000000001,"reason":"exhausted"}},"since":1700000000000,"last_error":"status 503","outbound":{"url":"http://localhost/hook?contenttype=json","headers":[["operationid","op"]],"body":"{\"pos\":3,\"text\":\"it''s \\\"parked\\\":{\\\"at\\\":1}\"}"}}');
INSERT INTO "exceptions" VALUES('api:other',3,0,0,'{"key":{"pos":3,"copy":0},"lane":"u:Ann:bob","state":{"waiting":{"attempts":2,"due":1700000005000}},"since":1700000000000,"last_error":"status 503","outbound":{"url":"http://localhost/hook?contenttype=json","headers":[["operationid","op"]],"body":"{\"pos\":3,\"text\":\"it''s \\\"parked\\\":{\\\"at\\\":1}\"}"}}');
CREATE TABLE lanes (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, max_seq INTEGER NOT NULL DEFAULT 0,
    newest_at INTEGER NOT NULL DEFAULT 0
);
INSERT INTO "lanes" VALUES(1,'g:42',2,1700000000006);
INSERT INTO "lanes" VALUES(2,'u:Ann:bob',5,1700000000007);
CREATE TABLE log_1 (
             pos INTEGER PRIMARY KEY, at INTEGER NOT NULL, lane_id INTEGER NOT NULL, seq INTEGER NOT NULL,
             stored INTEGER NOT NULL, dedup INTEGER, payload TEXT NOT NULL
         );
INSERT INTO "log_1" VALUES(1,1700000000001,2,1,1,4487357291137092588,'{"kind":"message_sent","message":{"id":7000000000000001,"client_id":"1","sender":"Ann","target":{"user":"bob"},"seq":1,"platform":5,"nickname":"Ann","face_url":"","system":false,"content":{"form":"plain","class":"text","code":101,"raw":"it''s number 1 😀"},"status":1,"sent_at":1700000000000,"created_at":1700000000000,"options":{},"handling":{"store":true,"sync_sender":true,"unread":true,"offline_push":true},"mentions":[],"attached_info":"","ex":""},"operation_id":"op","origin":"client","sender_is_admin":false,"offline":["bob"]}');
INSERT INTO "log_1" VALUES(2,1700000000002,2,2,1,4487360589671977221,'{"kind":"message_sent","message":{"id":7000000000000002,"client_id":"2","sender":"Ann","target":{"user":"bob"},"seq":2,"platform":5,"nickname":"Ann","face_url":"","system":false,"content":{"form":"plain","class":"text","code":101,"raw":"it''s number 2 😀"},"status":1,"sent_at":1700000000000,"created_at":1700000000000,"options":{},"handling":{"store":true,"sync_sender":true,"unread":true,"offline_push":true},"mentions":[],"attached_info":"","ex":""},"operation_id":"op","origin":"client","sender_is_admin":false,"offline":["bob"]}');
INSERT INTO "log_1" VALUES(3,1700000000003,1,1,1,-7345378397303476226,'{"kind":"message_sent","message":{"id":7000000000000003,"client_id":"3","sender":"Ann","target":{"group":"42"},"seq":1,"platform":5,"nickname":"Ann","face_url":"","system":false,"content":{"form":"plain","class":"text","code":101,"raw":"it''s number 3 😀"},"status":1,"sent_at":1700000000000,"created_at":1700000000000,"options":{},"handling":{"store":true,"sync_sender":true,"unread":true,"offline_push":true},"mentions":[],"attached_info":"","ex":""},"operation_id":"op","origin":"client","sender_is_admin":false,"offline":["bob"]}');
INSERT INTO "log_1" VALUES(4,1700000000004,2,3,1,4487353992602207955,'{"kind":"message_sent","message":{"id":7000000000000004,"client_id":"4","sender":"Ann","target":{"user":"bob"},"seq":3,"platform":5,"nickname":"Ann","face_url":"","system":false,"content":{"form":"plain","class":"text","code":101,"raw":"it''s number 4 😀"},"status":1,"sent_at":1700000000000,"created_at":1700000000000,"options":{},"handling":{"store":true,"sync_sender":true,"unread":true,"offline_push":true},"mentions":[],"attached_info":"","ex":""},"operation_id":"op","origin":"client","sender_is_admin":false,"offline":["bob"]}');
INSERT INTO "log_1" VALUES(5,1700000000005,2,4,1,4487352893090579744,'{"kind":"message_sent","message":{"id":7000000000000005,"client_id":"5","sender":"Ann","target":{"user":"bob"},"seq":4,"platform":5,"nickname":"Ann","face_url":"","system":false,"content":{"form":"plain","class":"text","code":101,"raw":"it''s number 5 😀"},"status":1,"sent_at":1700000000000,"created_at":1700000000000,"options":{},"handling":{"store":true,"sync_sender":true,"unread":true,"offline_push":true},"mentions":[],"attached_info":"","ex":""},"operation_id":"op","origin":"client","sender_is_admin":false,"offline":["bob"]}');
INSERT INTO "log_1" VALUES(6,1700000000006,1,2,1,-7345372899745335171,'{"kind":"message_sent","message":{"id":7000000000000006,"client_id":"6","sender":"Ann","target":{"group":"42"},"seq":2,"platform":5,"nickname":"Ann","face_url":"","system":false,"content":{"form":"plain","class":"text","code":101,"raw":"it''s number 6 😀"},"status":1,"sent_at":1700000000000,"created_at":1700000000000,"options":{},"handling":{"store":true,"sync_sender":true,"unread":true,"offline_push":true},"mentions":[],"attached_info":"","ex":""},"operation_id":"op","origin":"client","sender_is_admin":false,"offline":["bob"]}');
INSERT INTO "log_1" VALUES(7,1700000000007,2,5,1,4487355092113836166,'{"kind":"message_sent","message":{"id":7000000000000007,"client_id":"7","sender":"Ann","target":{"user":"bob"},"seq":5,"platform":5,"nickname":"Ann","face_url":"","system":false,"content":{"form":"plain","class":"text","code":101,"raw":"it''s number 7 😀"},"status":1,"sent_at":1700000000000,"created_at":1700000000000,"options":{},"handling":{"store":true,"sync_sender":true,"unread":true,"offline_push":true},"mentions":[],"attached_info":"","ex":""},"operation_id":"op","origin":"client","sender_is_admin":false,"offline":["bob"]}');
CREATE TABLE log_2 (
             pos INTEGER PRIMARY KEY, at INTEGER NOT NULL, lane_id INTEGER NOT NULL, seq INTEGER NOT NULL,
             stored INTEGER NOT NULL, dedup INTEGER, payload TEXT NOT NULL
         );
INSERT INTO "log_2" VALUES(8,1700000000008,2,6,1,4487367186741746487,'{"kind":"message_sent","message":{"id":7000000000000008,"client_id":"8","sender":"Ann","target":{"user":"bob"},"seq":6,"platform":5,"nickname":"Ann","face_url":"","system":false,"content":{"form":"plain","class":"text","code":101,"raw":"it''s number 8 😀"},"status":1,"sent_at":1700000000000,"created_at":1700000000000,"options":{},"handling":{"store":true,"sync_sender":true,"unread":true,"offline_push":true},"mentions":[],"attached_info":"","ex":""},"operation_id":"op","origin":"client","sender_is_admin":false,"offline":["bob"]}');
INSERT INTO "log_2" VALUES(9,1700000000009,1,3,1,-7345389392419758336,'{"kind":"message_sent","message":{"id":7000000000000009,"client_id":"9","sender":"Ann","target":{"group":"42"},"seq":3,"platform":5,"nickname":"Ann","face_url":"","system":false,"content":{"form":"plain","class":"text","code":101,"raw":"it''s number 9 😀"},"status":1,"sent_at":1700000000000,"created_at":1700000000000,"options":{},"handling":{"store":true,"sync_sender":true,"unread":true,"offline_push":true},"mentions":[],"attached_info":"","ex":""},"operation_id":"op","origin":"client","sender_is_admin":false,"offline":["bob"]}');
CREATE TABLE members (
    chat_group TEXT NOT NULL, user TEXT NOT NULL, id TEXT NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (chat_group, user)
) WITHOUT ROWID;
INSERT INTO "members" VALUES('42','ann','Ann','{"group":"42","user":"Ann","role":"member","nickname":"","face_url":"","joined_at":1700000000000,"join_source":2,"operator":"","inviter":"","muted_until":0,"ex":""}');
INSERT INTO "members" VALUES('42','bob','bob','{"group":"42","user":"bob","role":"member","nickname":"","face_url":"","joined_at":1700000000000,"join_source":2,"operator":"","inviter":"","muted_until":0,"ex":""}');
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('highest_message',7000000000000009);
INSERT INTO "meta" VALUES('schema',1);
INSERT INTO "meta" VALUES('start',1);
CREATE TABLE progress (rule TEXT PRIMARY KEY, cursor INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "progress" VALUES('api:other',3);
INSERT INTO "progress" VALUES('file:webhooks:afterSendSingleMsg',8);
CREATE TABLE rule_versions (
    rule TEXT NOT NULL, version INTEGER NOT NULL, since INTEGER NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (rule, version)
) WITHOUT ROWID;
INSERT INTO "rule_versions" VALUES('file:webhooks:afterSendSingleMsg',1,0,'{"id":"file:webhooks:afterSendSingleMsg","name":"afterSendSingleMsg","enabled":true,"contract":"some","phase":"after","url":"http://localhost/hook","events":[],"selectors":{"denied_types":[],"attention":{"users":[],"groups":[]},"from":[],"to":[],"groups":[],"ext_keys":[],"origins":[]},"policy":{"timeout_ms":5000,"on_failure":"continue","show_error":true,"retry":{"schedule":[1,5,30,120,600,1800,3600]},"ban":"breaker","storage":true,"order":"conversation","concurrency":64,"rate_limit":null,"allow_private":false,"ca_file":null,"standard_webhooks":false},"secrets":{"current":null,"previous":null},"origin":{"file":"webhooks"},"version":1,"changed_at":1700000000000,"switches":[]}');
CREATE TABLE segments (
    n INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER, last_at INTEGER, bytes INTEGER NOT NULL DEFAULT 0
);
INSERT INTO "segments" VALUES(1,1,7,1700000000007,3738);
INSERT INTO "segments" VALUES(2,8,NULL,NULL,0);
CREATE TABLE spans (
    lane_id INTEGER NOT NULL, segment INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
    last_pos INTEGER NOT NULL, PRIMARY KEY (lane_id, segment)
) WITHOUT ROWID;
INSERT INTO "spans" VALUES(1,1,1,2,6);
INSERT INTO "spans" VALUES(2,1,1,5,7);
CREATE TABLE tokens (
    user TEXT NOT NULL, id TEXT NOT NULL, platform INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    kicked INTEGER NOT NULL, display TEXT NOT NULL, PRIMARY KEY (user, id)
) WITHOUT ROWID;
INSERT INTO "tokens" VALUES('ann','token',5,1700001000000,0,'Ann');
CREATE TABLE users (folded TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, data TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "users" VALUES('ann','Ann','{"id":"Ann","nickname":"Ann''s name","face_url":"","ex":"","created_at":1700000000000,"level":0,"receive_option":0}');
INSERT INTO "users" VALUES('bob','bob','{"id":"bob","nickname":"bob''s name","face_url":"","ex":"","created_at":1700000000000,"level":0,"receive_option":0}');
CREATE TABLE views (
    user TEXT NOT NULL, lane_id INTEGER NOT NULL, read_seq INTEGER NOT NULL DEFAULT 0,
    min_seq INTEGER NOT NULL DEFAULT 0, end_seq INTEGER, end_at INTEGER, PRIMARY KEY (user, lane_id)
) WITHOUT ROWID;
INSERT INTO "views" VALUES('ann',1,3,0,NULL,NULL);
INSERT INTO "views" VALUES('ann',2,6,0,NULL,NULL);
INSERT INTO "views" VALUES('bob',1,0,0,NULL,NULL);
INSERT INTO "views" VALUES('bob',2,0,0,NULL,NULL);
CREATE INDEX exceptions_by_state ON exceptions (rule, parked, pos, copy);
CREATE INDEX log_1_lane ON log_1 (lane_id, seq);
CREATE INDEX log_1_dedup ON log_1 (dedup) WHERE dedup IS NOT NULL;
CREATE INDEX log_2_lane ON log_2 (lane_id, seq);
COMMIT;
