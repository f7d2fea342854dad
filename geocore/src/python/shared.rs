//! An index that threads share, of which nobody sees what is yet to be written.

use parking_lot::{
    MappedRwLockReadGuard, MappedRwLockWriteGuard, RwLock, RwLockReadGuard, RwLockWriteGuard,
};

use crate::Index;
use crate::index::Moving;

/// Many may read at once, one write.
pub(super) struct Shared(RwLock<Moving>);

pub(super) type Reading<'a> = MappedRwLockReadGuard<'a, Index>;
pub(super) type Writing<'a> = MappedRwLockWriteGuard<'a, Index>;

impl Shared {
    pub(super) const fn new(index: Index) -> Self {
        Self(RwLock::new(Moving::new(index)))
    }

    /// To read at once; none if somebody writes, or reads what is yet to be written to.
    #[inline]
    pub(super) fn try_read(&self) -> Option<Reading<'_>> {
        match settled(self.0.try_read()?) {
            Some(reading) => Some(reading),
            None => self.0.try_write().map(settle),
        }
    }

    /// To read, after whoever writes.
    pub(super) fn read(&self) -> Reading<'_> {
        settled(self.0.read()).unwrap_or_else(|| settle(self.0.write()))
    }

    /// To change it at once; none if somebody reads or writes.
    pub(super) fn try_write(&self) -> Option<Writing<'_>> {
        Some(RwLockWriteGuard::map(self.try_move()?, Moving::settle))
    }

    /// To change it, after whoever reads or writes.
    pub(super) fn write(&self) -> Writing<'_> {
        RwLockWriteGuard::map(self.0.write(), Moving::settle)
    }

    /// To move people at once; none if somebody reads or writes.
    #[inline]
    pub(super) fn try_move(&self) -> Option<RwLockWriteGuard<'_, Moving>> {
        self.0.try_write()
    }
}

#[inline]
fn settled(held: RwLockReadGuard<'_, Moving>) -> Option<Reading<'_>> {
    RwLockReadGuard::try_map(held, Moving::settled).ok()
}

/// Writes what is yet to be written, and lets nobody write before it has been read.
#[cold]
fn settle(mut held: RwLockWriteGuard<'_, Moving>) -> Reading<'_> {
    held.settle();
    settled(RwLockWriteGuard::downgrade(held)).unwrap_or_else(|| unreachable!("just settled"))
}
