//! Gob envelopes, retyped from the client protocol sheet, section 2.2: a client's frame as the published browser client
//! begins it, and the server's read as strictly as Go does.

use std::collections::HashMap;

use crate::wire::{Ask, Told};

/// The definition with which every request of the published browser client begins.
const ASK: &str = "657f0301010c47656e6572616c577352657101ff80000106010d5265714964656e74696669657201040001\
    05546f6b656e010c00010653656e644944010c00010b4f7065726174696f6e4944010c0001074d7367496e6372010c0001\
    0444617461010a000000";

/// The fields that a client knows, and the ids of their types: 2 is int, 5 bytes, 6 string.
const TOLD: [(&str, i64); 6] =
    [("ReqIdentifier", 2), ("MsgIncr", 6), ("OperationID", 6), ("ErrCode", 2), ("ErrMsg", 6), ("Data", 5)];

pub(crate) fn encode(ask: &Ask) -> Vec<u8> {
    let hex = |at: usize| u8::from_str_radix(&ASK[at..at + 2], 16).unwrap();
    let mut frame: Vec<u8> = (0..ASK.len()).step_by(2).map(hex).collect();
    let mut value = vec![0xff, 0x80];
    let number = u64::try_from(ask.request).expect("requests have positive numbers");
    // The token, which is field 1, stays empty. Between the others is a distance of 1, but for it.
    let mut distance = 1;
    for (at, bytes) in [
        (0, unsigned(number << 1)),
        (2, counted(ask.user.as_bytes())),
        (3, counted(ask.operation_id.as_bytes())),
        (4, counted(ask.incr.as_bytes())),
        (5, counted(&ask.data)),
    ] {
        if at == 2 {
            distance += 1;
        }
        if bytes == [0] {
            distance += 1;
            continue;
        }
        value.push(distance);
        value.extend(bytes);
        distance = 1;
    }
    value.push(0);
    frame.extend(counted(&value));
    frame
}

fn unsigned(number: u64) -> Vec<u8> {
    if number < 128 {
        return vec![u8::try_from(number).unwrap()];
    }
    let mut bytes = number.to_be_bytes().to_vec();
    while bytes[0] == 0 {
        bytes.remove(0);
    }
    bytes.insert(0, u8::MAX - u8::try_from(bytes.len()).unwrap() + 1);
    bytes
}

fn counted(bytes: &[u8]) -> Vec<u8> {
    [unsigned(bytes.len() as u64).as_slice(), bytes].concat()
}

/// Reads what the server says.
///
/// # Panics
/// When a client with a Go core would not read it.
pub(crate) fn decode(bytes: &[u8]) -> Told {
    let mut stream = Bytes(bytes);
    let (id, fields) = definition(Bytes(stream.counted()));
    assert_eq!(fields.len(), TOLD.len(), "exactly the fields that clients know: {fields:?}");
    for (name, id) in TOLD {
        assert!(fields.contains(&(name.to_owned(), id)), "{name} is among {fields:?}");
    }
    let mut value = Bytes(stream.counted());
    assert!(stream.0.is_empty(), "one definition, one value");
    assert_eq!(value.signed(), id, "the value is of the type that was defined");
    let (mut numbers, mut texts) = (HashMap::new(), HashMap::new());
    let mut at = 0;
    while let Some(field) = value.step(&mut at) {
        let (name, id) = fields[field].clone();
        match id {
            2 => drop(numbers.insert(name, value.signed())),
            _ => drop(texts.insert(name, value.counted().to_vec())),
        }
    }
    assert!(value.0.is_empty(), "nothing follows the value");
    assert!(numbers.values().all(|number| *number != 0), "zeros are left out: {numbers:?}");
    let mut bytes = |name: &str| texts.remove(name).unwrap_or_default();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("texts are UTF-8");
    Told {
        request: numbers.get("ReqIdentifier").copied().unwrap_or_default(),
        incr: text(bytes("MsgIncr")),
        operation_id: text(bytes("OperationID")),
        code: numbers.get("ErrCode").copied().unwrap_or_default(),
        text: text(bytes("ErrMsg")),
        data: bytes("Data"),
    }
}

/// The id of a struct, and the names and types of its fields.
fn definition(mut message: Bytes<'_>) -> (i64, Vec<(String, i64)>) {
    let id = -message.signed();
    assert!(id >= 64, "ids below 64 are taken: {id}");
    assert_eq!(message.unsigned(), 3, "the third kind of definition: a struct");
    assert_eq!(message.unsigned(), 1, "first what all types have in common");
    assert_eq!(message.unsigned(), 1, "a name");
    message.counted();
    assert_eq!(message.unsigned(), 1, "an id");
    assert_eq!(message.signed(), id);
    assert_eq!(message.unsigned(), 0, "no more in common");
    assert_eq!(message.unsigned(), 1, "then the fields");
    let mut fields = Vec::new();
    for _ in 0..message.unsigned() {
        assert_eq!(message.unsigned(), 1, "a field's name");
        let name = String::from_utf8(message.counted().to_vec()).unwrap();
        assert_eq!(message.unsigned(), 1, "a field's type");
        fields.push((name, message.signed()));
        assert_eq!(message.unsigned(), 0, "no more in a field");
    }
    assert_eq!(message.0, [0, 0], "the ends of the struct and of the definition");
    (id, fields)
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    fn unsigned(&mut self) -> u64 {
        let first = self.take(1)[0];
        if first < 128 {
            return u64::from(first);
        }
        let bytes = self.take(256 - usize::from(first));
        assert_ne!(bytes[0], 0, "no leading zeros");
        bytes.iter().fold(0, |number, byte| number * 256 + u64::from(*byte))
    }

    fn signed(&mut self) -> i64 {
        let number = self.unsigned();
        let half = i64::try_from(number / 2).unwrap();
        if number % 2 == 1 { -half - 1 } else { half }
    }

    fn counted(&mut self) -> &'a [u8] {
        let count = usize::try_from(self.unsigned()).unwrap();
        self.take(count)
    }

    /// The number of the next field; `None` at the end.
    fn step(&mut self, at: &mut u64) -> Option<usize> {
        let distance = self.unsigned();
        *at += distance;
        (distance != 0).then(|| usize::try_from(*at - 1).unwrap())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The recorded frames of the sheet: this client is as good as the one that was recorded.
    #[test]
    fn frames_of_the_sheet() {
        let ask = Ask {
            request: 1001,
            incr: "u1_1795323984383444774".to_owned(),
            user: "u1".to_owned(),
            operation_id: "op-login".to_owned(),
            data: b"\x0a\x02u1".to_vec(),
        };
        let frame = encode(&ask);
        assert_eq!(frame.len(), 154);
        let value = b"\x33\xff\x80\x01\xfe\x07\xd2\x02\x02u1\x01\x08op-login\x01\x16u1_1795323984383444774\x01\x04\x0a\x02u1\0";
        assert!(frame.ends_with(value), "{}", frame.escape_ascii());
        let told = b"\x60\xff\x83\x03\x01\x01\x04Resp\x01\xff\x84\0\x01\x06\
            \x01\x0dReqIdentifier\x01\x04\0\x01\x07MsgIncr\x01\x0c\0\x01\x0bOperationID\x01\x0c\0\
            \x01\x07ErrCode\x01\x04\0\x01\x06ErrMsg\x01\x0c\0\x01\x04Data\x01\x0a\0\0\0\
            \x1f\xff\x84\x01\xfe\x07\xd6\x01\x04u1_2\x01\x03op2\x01\xfe\x0a\x2c\x01\x07blocked\0";
        let wanted = Told {
            request: 1003,
            incr: "u1_2".to_owned(),
            operation_id: "op2".to_owned(),
            code: 1302,
            text: "blocked".to_owned(),
            data: Vec::new(),
        };
        assert_eq!(decode(told), wanted);
    }
}
