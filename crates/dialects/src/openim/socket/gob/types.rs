//! Type definitions of a stream, and the values that they describe.

use ringback_model::limits;

use super::BadGob;
use super::read::Reader;

/// Ids of the types that need no definition. Source: client protocol sheet 2.2; 7 and 8 as in the encoding's own
/// documentation.
mod basic {
    pub(super) const BOOL: i64 = 1;
    pub(super) const INT: i64 = 2;
    pub(super) const UINT: i64 = 3;
    pub(super) const FLOAT: i64 = 4;
    pub(super) const BYTES: i64 = 5;
    pub(super) const STRING: i64 = 6;
    pub(super) const COMPLEX: i64 = 7;
    pub(super) const INTERFACE: i64 = 8;
}

/// The first id that a sender may define; those below belong to the encoding.
const FIRST_DEFINED: i64 = 64;

/// The value of a field, as far as an envelope may need it.
#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    Int(i64),
    Text(&'a [u8]),
    Bytes(&'a [u8]),
    /// Any other type; its value was skipped.
    Other,
}

/// A field of a struct.
#[derive(Default)]
pub(super) struct Field<'a> {
    pub(super) name: &'a [u8],
    /// Of its type.
    pub(super) id: i64,
}

/// What a definition says of a type.
enum Kind<'a> {
    Struct(Vec<Field<'a>>),
    /// Arrays and slices: a count, then so many of this type.
    List(i64),
    /// A count, then so many keys and values of these types.
    Map(i64, i64),
    /// The type encodes itself, into bytes.
    Opaque,
}

/// The types that a stream has defined so far.
#[derive(Default)]
pub(super) struct Types<'a>(Vec<(i64, Kind<'a>)>);

impl<'a> Types<'a> {
    /// Reads the definition of a type, whose id is written negated.
    pub(super) fn define(&mut self, negated: i64, reader: &mut Reader<'a>) -> Result<(), BadGob> {
        let id = negated.checked_neg().ok_or(BadGob::UnknownType(negated))?;
        if id < FIRST_DEFINED || self.kind(id).is_some() {
            return Err(BadGob::ReservedType(id));
        }
        if self.0.len() == limits::GOB_TYPES {
            return Err(BadGob::TooManyTypes);
        }
        let mut kind = None;
        reader.fields(|number, reader| {
            let read = match number {
                0 => Kind::List(array(id, reader)?),
                1 => Kind::List(parts::<1>(id, reader)?[0]),
                2 => Kind::Struct(structure(id, reader)?),
                3 => {
                    let [key, element] = parts::<2>(id, reader)?;
                    Kind::Map(key, element)
                }
                4..=6 => {
                    parts::<0>(id, reader)?;
                    Kind::Opaque
                }
                _ => return Err(BadGob::OddDefinition(id)),
            };
            if kind.replace(read).is_some() { Err(BadGob::OddDefinition(id)) } else { Ok(()) }
        })?;
        self.0.push((id, kind.ok_or(BadGob::OddDefinition(id))?));
        Ok(())
    }

    fn kind(&self, id: i64) -> Option<&Kind<'a>> {
        self.0.iter().find(|(known, _)| *known == id).map(|(_, kind)| kind)
    }

    /// The fields of a struct type; `None` for any other.
    pub(super) fn fields(&self, id: i64) -> Option<&[Field<'a>]> {
        match self.kind(id) {
            Some(Kind::Struct(fields)) => Some(fields),
            _ => None,
        }
    }

    /// Reads a value of this type.
    pub(super) fn value(&self, id: i64, reader: &mut Reader<'a>) -> Result<Value<'a>, BadGob> {
        Ok(match id {
            basic::INT => Value::Int(reader.int()?),
            basic::STRING => Value::Text(reader.bytes()?),
            basic::BYTES => Value::Bytes(reader.bytes()?),
            _ => {
                self.skip(id, reader, limits::GOB_DEPTH)?;
                Value::Other
            }
        })
    }

    /// Passes over a value of this type, which takes at least a byte, so that no claimed count makes work for nothing.
    fn skip(&self, id: i64, reader: &mut Reader<'a>, depth: usize) -> Result<(), BadGob> {
        match id {
            basic::BOOL | basic::INT | basic::UINT | basic::FLOAT => return reader.uint().map(drop),
            basic::BYTES | basic::STRING => return reader.bytes().map(drop),
            basic::COMPLEX => return reader.uint().and_then(|_| reader.uint()).map(drop),
            basic::INTERFACE => return Err(BadGob::Dynamic),
            _ => {}
        }
        let within = depth.checked_sub(1).ok_or(BadGob::TooDeep)?;
        match self.kind(id).ok_or(BadGob::UnknownType(id))? {
            Kind::Struct(fields) => reader.fields(|number, reader| {
                let field = fields.get(number).ok_or(BadGob::NoSuchField)?;
                self.skip(field.id, reader, within)
            }),
            Kind::List(element) => (0..reader.uint()?).try_for_each(|_| self.skip(*element, reader, within)),
            Kind::Map(key, element) => (0..reader.uint()?).try_for_each(|_| {
                self.skip(*key, reader, within)?;
                self.skip(*element, reader, within)
            }),
            Kind::Opaque => reader.bytes().map(drop),
        }
    }
}

/// What every definition begins with: a name and an id. Neither is needed: fields go by their own names, and the id
/// stands before the definition.
fn common(id: i64, reader: &mut Reader<'_>) -> Result<(), BadGob> {
    reader.fields(|number, reader| match number {
        0 => reader.bytes().map(drop),
        1 => reader.int().map(drop),
        _ => Err(BadGob::OddDefinition(id)),
    })
}

/// A definition that names so many types after what every one begins with.
fn parts<const COUNT: usize>(id: i64, reader: &mut Reader<'_>) -> Result<[i64; COUNT], BadGob> {
    let mut found = [0; COUNT];
    reader.fields(|number, reader| {
        let Some(place) = number.checked_sub(1) else { return common(id, reader) };
        *found.get_mut(place).ok_or(BadGob::OddDefinition(id))? = reader.int()?;
        Ok(())
    })?;
    Ok(found)
}

/// An array: the type of its elements, and their number, which is said again with every value.
fn array(id: i64, reader: &mut Reader<'_>) -> Result<i64, BadGob> {
    parts::<2>(id, reader).map(|[element, _]| element)
}

fn structure<'a>(id: i64, reader: &mut Reader<'a>) -> Result<Vec<Field<'a>>, BadGob> {
    let mut fields = Vec::new();
    reader.fields(|number, reader| match number {
        0 => common(id, reader),
        1 => {
            for _ in 0..reader.uint()? {
                if fields.len() == limits::GOB_TYPES {
                    return Err(BadGob::TooManyTypes);
                }
                fields.push(field(id, reader)?);
            }
            Ok(())
        }
        _ => Err(BadGob::OddDefinition(id)),
    })?;
    Ok(fields)
}

fn field<'a>(id: i64, reader: &mut Reader<'a>) -> Result<Field<'a>, BadGob> {
    let mut field = Field::default();
    reader.fields(|number, reader| {
        match number {
            0 => field.name = reader.bytes()?,
            1 => field.id = reader.int()?,
            _ => return Err(BadGob::OddDefinition(id)),
        }
        Ok(())
    })?;
    Ok(field)
}
