//! Cells in a third of their memory, for a program that holds a long history and seldom looks at it.

use super::cell::RollupCell;
use crate::codec::{BlobReader, BlobValue as _, BlobWriter};

/// Cells that are decoded when they are asked for. They are held in memory alone, never stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackedCells {
    bytes: Box<[u8]>,
}

impl PackedCells {
    /// These cells.
    pub fn of(cells: impl Iterator<Item = RollupCell>) -> Self {
        let mut writer = BlobWriter::default();
        cells.for_each(|cell| cell.put(&mut writer));
        Self { bytes: writer.into_bytes().into() }
    }

    /// The cells, in the same order.
    pub fn iter(&self) -> impl Iterator<Item = RollupCell> {
        let mut reader = BlobReader::of_body(&self.bytes);
        // The bytes are those that this type has written, so only their end ends the list.
        std::iter::from_fn(move || RollupCell::take(&mut reader).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::super::cell;
    use super::*;
    use crate::testing::response_at;

    #[test]
    fn packed_cells_are_the_cells() {
        let responses: Vec<_> = (0..40_i64).map(|n| response_at(n.cast_unsigned(), n * 9)).collect();
        let cells = cell::sum(responses.iter());
        assert!(cells.len() > 5);
        assert_eq!(PackedCells::of(cells.iter().copied()).iter().collect::<Vec<_>>(), cells);
        assert_eq!(PackedCells::default().iter().count(), 0);
    }
}
