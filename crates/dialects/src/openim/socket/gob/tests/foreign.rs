//! Somebody who writes the same envelope in another way: other ids and names, another order, more fields.

use super::super::write::{put_int, put_uint};
use super::Request;

/// Types of fields and a value of each that is not zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shape {
    Bool,
    Int(i64),
    Uint,
    Float,
    Complex,
    Bytes,
    Text,
    NotUtf8,
    List,
    Array,
    Map,
    Struct,
    Opaque,
    Interface,
    Undefined,
    /// Lists in lists, deeper than anybody needs.
    Deep,
}

impl Shape {
    /// What can be skipped.
    pub(super) const SKIPPED: &[Self] = &[
        Self::Bool,
        Self::Int(-7),
        Self::Uint,
        Self::Float,
        Self::Complex,
        Self::Bytes,
        Self::Text,
        Self::NotUtf8,
        Self::List,
        Self::Array,
        Self::Map,
        Self::Struct,
        Self::Opaque,
    ];

    /// Its type's id, the body of that type's definition if it needs one, and a value. Ids of definitions begin where
    /// no other id is.
    fn parts(self) -> (i64, Vec<u8>, Vec<u8>) {
        const OWN: i64 = 1 << 40;
        let definition = |kind: u8, rest: &[u8]| [&[kind, 1, 1, 1, b'T', 0], rest, &[0, 0]].concat();
        match self {
            Self::Bool => (1, vec![], vec![1]),
            Self::Int(number) => {
                let mut value = Vec::new();
                put_int(&mut value, number);
                (2, vec![], value)
            }
            Self::Uint => (3, vec![], b"\xfe\x01\x00".to_vec()),
            Self::Float => (4, vec![], b"\xfe\xf0\x3f".to_vec()),
            Self::Complex => (7, vec![], b"\xfe\xf0\x3f\x40".to_vec()),
            Self::Bytes => (5, vec![], b"\x02\x00\xff".to_vec()),
            Self::Text => (6, vec![], b"\x02hi".to_vec()),
            Self::NotUtf8 => (6, vec![], b"\x01\xff".to_vec()),
            Self::List => (OWN, definition(2, b"\x01\x0c"), b"\x02\x01a\x00".to_vec()),
            Self::Array => (OWN + 1, definition(1, b"\x01\x04\x01\x04"), b"\x02\x01\x02".to_vec()),
            Self::Map => (OWN + 2, definition(4, b"\x01\x0c\x01\x04"), b"\x01\x01k\x07".to_vec()),
            Self::Struct => {
                (OWN + 3, definition(3, b"\x01\x01\x01\x01A\x01\x0c\x00"), b"\x01\x01a\x00".to_vec())
            }
            Self::Opaque => (OWN + 4, definition(5, b""), b"\x03\x00\x01\x02".to_vec()),
            Self::Interface => (8, vec![], b"\x03int\x04\x02\x00\x02".to_vec()),
            Self::Undefined => (999, vec![], vec![1]),
            // A list of lists of its own type.
            Self::Deep => {
                let mut own = vec![1];
                put_int(&mut own, OWN + 5);
                (OWN + 5, definition(2, &own), vec![1; 40])
            }
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: String,
    id: i64,
    definition: Vec<u8>,
    /// Empty where it is zero.
    value: Vec<u8>,
}

pub(super) struct Foreign {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) fields: Vec<Field>,
}

impl Foreign {
    /// In the order of the published client.
    pub(super) fn of(request: &Request) -> Self {
        let field = |name: &str, id: i64, value: Vec<u8>| Field {
            name: name.to_owned(),
            id,
            definition: Vec::new(),
            value,
        };
        let counted = |bytes: &[u8]| {
            let mut value = Vec::new();
            if !bytes.is_empty() {
                put_bytes(&mut value, bytes);
            }
            value
        };
        let mut number = Vec::new();
        if request.req_identifier != 0 {
            put_int(&mut number, i64::from(request.req_identifier));
        }
        let fields = vec![
            field("ReqIdentifier", 2, number),
            field("Token", 6, counted(request.token.as_bytes())),
            field("SendID", 6, counted(request.send_id.as_bytes())),
            field("OperationID", 6, counted(request.operation_id.as_bytes())),
            field("MsgIncr", 6, counted(request.msg_incr.as_bytes())),
            field("Data", 5, counted(&request.data)),
        ];
        Self { id: 64, name: "Req".to_owned(), fields }
    }

    /// With one more field, before the one that is there.
    pub(super) fn add(&mut self, place: usize, name: &str, shape: Shape) {
        let (id, definition, value) = shape.parts();
        self.fields.insert(place, Field { name: name.to_owned(), id, definition, value });
    }

    /// The definition of the envelope, those of its fields' types, the value.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut kind = vec![3, 1, 1];
        put_bytes(&mut kind, self.name.as_bytes());
        kind.push(1);
        put_int(&mut kind, self.id);
        kind.extend([0, 1]);
        put_uint(&mut kind, self.fields.len() as u64);
        for field in &self.fields {
            kind.push(1);
            put_bytes(&mut kind, field.name.as_bytes());
            kind.push(1);
            put_int(&mut kind, field.id);
            kind.push(0);
        }
        kind.extend([0, 0]);
        let mut stream = message(-self.id, &kind);
        let mut defined = Vec::new();
        for field in self.fields.iter().filter(|field| !field.definition.is_empty()) {
            if !defined.contains(&field.id) {
                defined.push(field.id);
                stream.extend(message(-field.id, &field.definition));
            }
        }
        let mut value = Vec::new();
        let mut distance = 1;
        for field in &self.fields {
            if field.value.is_empty() {
                distance += 1;
                continue;
            }
            put_uint(&mut value, distance);
            value.extend_from_slice(&field.value);
            distance = 1;
        }
        value.push(0);
        stream.extend(message(self.id, &value));
        stream
    }
}

fn message(id: i64, rest: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    put_int(&mut content, id);
    content.extend_from_slice(rest);
    let mut message = Vec::new();
    put_bytes(&mut message, &content);
    message
}

fn put_bytes(to: &mut Vec<u8>, bytes: &[u8]) {
    put_uint(to, bytes.len() as u64);
    to.extend_from_slice(bytes);
}
