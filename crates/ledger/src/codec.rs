//! How values become bytes: whole numbers of variable length, and texts by their place in a table. The decoder treats
//! every value that it reads back as hostile.
//!
//! A general library would spend a byte on each absent field of each turn and could not write a time as the distance
//! from the one before it. Both together are half of a turn's size, so turns need a codec of their own, and
//! the rest then uses the same one.

use std::collections::HashMap;
use std::sync::Arc;

use agtop_model::ClientId;
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

/// Bytes that are not what this crate writes. What they hold is unknown, so there is no more to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("damaged")]
pub struct DamagedBlob;

pub(crate) type DecodeResult<T> = Result<T, DamagedBlob>;

/// The first byte of every blob: how the rest is written.
const FORMAT: u8 = 2;
/// Formats that are read: summaries of files that are gone may still be in an older one.
const KNOWN_FORMATS: std::ops::RangeInclusive<u8> = 1..=FORMAT;
/// Format and checksum.
const HEADER_BYTES: usize = 1 + size_of::<u64>();

/// Room is made for no more values than this before they are there.
const MAX_PREALLOCATED_ITEMS: usize = 32;

/// A value that can be written and read back.
pub(crate) trait BlobValue: Sized {
    fn put(&self, to: &mut BlobWriter);
    fn take(from: &mut BlobReader<'_>) -> DecodeResult<Self>;
}

/// Implements [`BlobValue`] for a struct from the list of its fields: one list, so that both directions agree.
macro_rules! blob_struct {
    ($($name:ident { $($field:ident),+ $(,)? })+) => {$(
        impl $crate::codec::BlobValue for $name {
            fn put(&self, to: &mut $crate::codec::BlobWriter) {
                $($crate::codec::BlobValue::put(&self.$field, to);)+
            }

            fn take(from: &mut $crate::codec::BlobReader<'_>) -> $crate::codec::DecodeResult<Self> {
                Ok(Self { $($field: $crate::codec::BlobValue::take(from)?),+ })
            }
        }
    )+};
}

/// Implements [`BlobValue`] for an enum without data from the list of its variants, whose order must never change. The list
/// is complete, or it does not compile.
macro_rules! blob_enum {
    ($($name:ident { $($variant:ident),+ $(,)? })+) => {$(
        impl $crate::codec::BlobValue for $name {
            fn put(&self, to: &mut $crate::codec::BlobWriter) {
                match self {
                    $(Self::$variant => {})+
                }
                to.number($crate::codec::place(&[$(Self::$variant),+], self));
            }

            fn take(from: &mut $crate::codec::BlobReader<'_>) -> $crate::codec::DecodeResult<Self> {
                $crate::codec::at(&[$(Self::$variant),+], from.number()?)
            }
        }
    )+};
}

pub(crate) use {blob_enum, blob_struct};

/// The number of an enum's variant: its place in the table.
pub(crate) fn place<T: PartialEq>(table: &[T], value: &T) -> u64 {
    table.iter().position(|known| known == value).unwrap_or_default() as u64
}

/// The variant of that number.
pub(crate) fn at<T: Copy>(table: &[T], number: u64) -> DecodeResult<T> {
    usize::try_from(number).ok().and_then(|place| table.get(place)).copied().ok_or(DamagedBlob)
}

/// Bytes in the making.
#[derive(Default)]
pub(crate) struct BlobWriter {
    bytes: Vec<u8>,
    names: HashMap<Arc<str>, u64>,
    table: Vec<Arc<str>>,
}

impl BlobWriter {
    /// The value as a blob: format, checksum, table of texts, value.
    pub(crate) fn blob(value: &impl BlobValue) -> Vec<u8> {
        let mut body = Self::default();
        value.put(&mut body);
        body.into_blob()
    }

    /// What was written, as a blob.
    pub(crate) fn into_blob(self) -> Vec<u8> {
        let mut blob = Self::default();
        blob.bytes.push(FORMAT);
        blob.bytes.extend([0; HEADER_BYTES - 1]);
        blob.number(self.table.len() as u64);
        for name in &self.table {
            blob.sized(name.as_bytes());
        }
        blob.bytes.reserve_exact(self.bytes.len());
        blob.bytes.extend_from_slice(&self.bytes);
        let Self { mut bytes, .. } = blob;
        if let Some((preamble, rest)) = bytes.split_at_mut_checked(HEADER_BYTES)
            && let Some((_, sum)) = preamble.split_first_mut()
        {
            sum.copy_from_slice(&xxh3_64(rest).to_le_bytes());
        }
        bytes
    }

    /// What was written, without a header or a table: for values without texts, that are not stored.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Seven bits a byte, lowest first.
    pub(crate) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            #[expect(clippy::cast_possible_truncation, reason = "the lowest seven bits")]
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        #[expect(clippy::cast_possible_truncation, reason = "below 0x80")]
        self.bytes.push(number as u8);
    }

    /// Small numbers of either sign stay short.
    pub(crate) fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)).cast_unsigned());
    }

    pub(crate) fn sized(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.raw(bytes);
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// A text, by its place in the blob's table.
    fn text(&mut self, text: &Arc<str>) {
        let place = *self.names.entry(Arc::clone(text)).or_insert_with(|| {
            self.table.push(Arc::clone(text));
            self.table.len() as u64 - 1
        });
        self.number(place);
    }
}

/// Bytes that are read back. Nothing is allocated for what they claim, only for what is there.
pub(crate) struct BlobReader<'a> {
    /// How the blob is written.
    pub(crate) format: u8,
    rest: &'a [u8],
    table: Vec<Arc<str>>,
    clients: &'a [ClientId],
}

impl<'a> BlobReader<'a> {
    /// The value of a blob. Clients other than `clients` are unknown to this program.
    pub(crate) fn value<T: BlobValue>(blob: &'a [u8], clients: &'a [ClientId]) -> DecodeResult<T> {
        let mut reader = Self::of(blob, clients)?;
        let value = T::take(&mut reader)?;
        if reader.rest.is_empty() { Ok(value) } else { Err(DamagedBlob) }
    }

    /// Of what [`BlobWriter::into_bytes`] returned.
    pub(crate) fn of_body(bytes: &'a [u8]) -> Self {
        Self { format: FORMAT, rest: bytes, table: Vec::new(), clients: &[] }
    }

    /// Of a blob that is as it was written, and written as this program does.
    pub(crate) fn of_newest(blob: &'a [u8], clients: &'a [ClientId]) -> DecodeResult<Self> {
        Self::of(blob, clients).ok().filter(|reader| reader.format == FORMAT).ok_or(DamagedBlob)
    }

    /// Of a blob that is as it was written.
    pub(crate) fn of(blob: &'a [u8], clients: &'a [ClientId]) -> DecodeResult<Self> {
        let (preamble, rest) = blob.split_at_checked(HEADER_BYTES).ok_or(DamagedBlob)?;
        let (format, sum) = preamble.split_first().ok_or(DamagedBlob)?;
        if !KNOWN_FORMATS.contains(format) || sum != xxh3_64(rest).to_le_bytes() {
            return Err(DamagedBlob);
        }
        let mut reader = Self { format: *format, rest, table: Vec::new(), clients };
        for _ in 0..reader.number()? {
            let text = std::str::from_utf8(reader.sized()?).map_err(|_| DamagedBlob)?;
            reader.table.push(text.into());
        }
        Ok(reader)
    }

    #[inline]
    pub(crate) fn number(&mut self) -> DecodeResult<u64> {
        let (&first, rest) = self.rest.split_first().ok_or(DamagedBlob)?;
        if first < 0x80 {
            self.rest = rest;
            return Ok(first.into());
        }
        self.long_number()
    }

    #[inline]
    fn long_number(&mut self) -> DecodeResult<u64> {
        let mut number = 0;
        for (at, &byte) in self.rest.iter().take(10).enumerate() {
            let bits = u64::from(byte & 0x7f);
            if at == 9 && bits > 1 {
                return Err(DamagedBlob);
            }
            number |= bits << (7 * at);
            if byte < 0x80 {
                self.rest = self.rest.get(at + 1..).unwrap_or_default();
                return Ok(number);
            }
        }
        Err(DamagedBlob)
    }

    #[inline]
    pub(crate) fn signed(&mut self) -> DecodeResult<i64> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub(crate) fn sized(&mut self) -> DecodeResult<&'a [u8]> {
        let length = usize::try_from(self.number()?).map_err(|_| DamagedBlob)?;
        self.raw(length)
    }

    pub(crate) fn raw(&mut self, length: usize) -> DecodeResult<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(DamagedBlob)?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> DecodeResult<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(DamagedBlob)?;
        self.rest = rest;
        Ok(*bytes)
    }

    /// A count of things that take at least a byte each.
    pub(crate) fn count(&mut self) -> DecodeResult<usize> {
        let count = usize::try_from(self.number()?).map_err(|_| DamagedBlob)?;
        if count <= self.rest.len() { Ok(count) } else { Err(DamagedBlob) }
    }

    fn text(&mut self) -> DecodeResult<Arc<str>> {
        let place = usize::try_from(self.number()?).map_err(|_| DamagedBlob)?;
        self.table.get(place).cloned().ok_or(DamagedBlob)
    }

    pub(crate) fn client(&mut self) -> DecodeResult<ClientId> {
        let name = self.text()?;
        self.clients.iter().copied().find(|client| client.as_str() == &*name).ok_or(DamagedBlob)
    }
}

impl BlobValue for u64 {
    fn put(&self, to: &mut BlobWriter) {
        to.number(*self);
    }

    fn take(from: &mut BlobReader<'_>) -> DecodeResult<Self> {
        from.number()
    }
}

impl BlobValue for i64 {
    fn put(&self, to: &mut BlobWriter) {
        to.signed(*self);
    }

    fn take(from: &mut BlobReader<'_>) -> DecodeResult<Self> {
        from.signed()
    }
}

impl BlobValue for u32 {
    fn put(&self, to: &mut BlobWriter) {
        to.number((*self).into());
    }

    fn take(from: &mut BlobReader<'_>) -> DecodeResult<Self> {
        from.number()?.try_into().map_err(|_| DamagedBlob)
    }
}

impl BlobValue for f64 {
    fn put(&self, to: &mut BlobWriter) {
        to.raw(&self.to_le_bytes());
    }

    fn take(from: &mut BlobReader<'_>) -> DecodeResult<Self> {
        Ok(Self::from_le_bytes(from.array()?))
    }
}

impl BlobValue for Arc<str> {
    fn put(&self, to: &mut BlobWriter) {
        to.text(self);
    }

    fn take(from: &mut BlobReader<'_>) -> DecodeResult<Self> {
        from.text()
    }
}

impl<T: BlobValue> BlobValue for Option<T> {
    fn put(&self, to: &mut BlobWriter) {
        to.number(self.is_some().into());
        if let Some(value) = self {
            value.put(to);
        }
    }

    fn take(from: &mut BlobReader<'_>) -> DecodeResult<Self> {
        match from.number()? {
            0 => Ok(None),
            1 => T::take(from).map(Some),
            _ => Err(DamagedBlob),
        }
    }
}

impl<T: BlobValue> BlobValue for Vec<T> {
    fn put(&self, to: &mut BlobWriter) {
        to.number(self.len() as u64);
        for value in self {
            value.put(to);
        }
    }

    fn take(from: &mut BlobReader<'_>) -> DecodeResult<Self> {
        let count = from.count()?;
        let mut values = Self::with_capacity(count.min(MAX_PREALLOCATED_ITEMS));
        for _ in 0..count {
            values.push(T::take(from)?);
        }
        Ok(values)
    }
}

impl<A: BlobValue, B: BlobValue> BlobValue for (A, B) {
    fn put(&self, to: &mut BlobWriter) {
        self.0.put(to);
        self.1.put(to);
    }

    fn take(from: &mut BlobReader<'_>) -> DecodeResult<Self> {
        Ok((A::take(from)?, B::take(from)?))
    }
}
